// A campus plan: a picture with points, names and a heatmap on it. No tiles, no map service.
//
// <div class="plan"                      (class "tall" for a page-sized one)
//      data-plan="/static/plans/….svg"   the picture
//      data-width="1000" data-height="700"  its size in plan units; x to the right, y DOWN, as in the SVG
//      data-points='[{"x":…, "y":…, "label":"…", "tone":"danger|warn|ok|", "href":"/…"}]'   pins, named on tap
//      data-labels='[{"x":…, "y":…, "label":"…"}]'     names that are always there
//      data-heat='[[x, y, weight], …]'                 weights of any size; the greatest is the hottest
//      data-zoom="1"></div>                            begin this many steps closer, at the first point
//
// Needs leaflet.js (and leaflet-heat.js where there is data-heat) before it. JSON in attributes: {{ … | tojson | forceescape }}.
"use strict";

const pins = { "": "", ok: "ok", warn: "warn", danger: "danger" };

function read(element, name) {
  return element.dataset[name] ? JSON.parse(element.dataset[name]) : [];
}

function addPoints(map, points, at) {
  for (const point of points) {
    const icon = L.divIcon({ className: "plan-marker", html: `<i class="plan-pin ${pins[point.tone || ""] || ""}"></i>`, iconSize: [26, 26], iconAnchor: [13, 31] });
    const marker = L.marker(at(point.x, point.y), { icon, title: point.label, alt: point.label, keyboard: Boolean(point.href) }).addTo(map);
    if (point.href) marker.on("click", () => { location.href = point.href; });
    else if (point.label) marker.bindTooltip(escapeText(point.label), { className: "plan-label", direction: "top", offset: [0, -30] });
  }
}

function addLabels(map, labels, at) {
  for (const label of labels) {
    L.tooltip(at(label.x, label.y), { content: escapeText(label.label), permanent: true, direction: "center", className: "plan-label", interactive: false }).addTo(map);
  }
}

function escapeText(text) {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder;
}

function addHeat(map, heat, at) {
  if (!heat.length) return;
  const greatest = Math.max(...heat.map(([, , weight]) => weight));
  const spots = heat.map(([x, y, weight]) => [...at(x, y), weight / greatest]);
  L.heatLayer(spots, { radius: 34, blur: 26, max: 1, maxZoom: map.getZoom(), minOpacity: 0.15, gradient: { 0.2: "#2f7f9e", 0.45: "#7fb069", 0.65: "#f2c14e", 0.85: "#e8742c", 1: "#b3261e" } }).addTo(map);
}

function showPlan(element) {
  if (element._leaflet_id) return;
  const width = Number(element.dataset.width), height = Number(element.dataset.height);
  const at = (x, y) => [-y, x];
  const bounds = [at(0, height), at(width, 0)];
  const map = L.map(element, { crs: L.CRS.Simple, minZoom: -4, maxZoom: 3, zoomSnap: 0.25, zoomDelta: 0.75, attributionControl: false, scrollWheelZoom: false, maxBoundsViscosity: 1 });
  L.imageOverlay(element.dataset.plan, bounds).addTo(map);
  map.fitBounds(bounds);
  const whole = map.getBoundsZoom(bounds, true);
  map.setMinZoom(map.getBoundsZoom(bounds)).setMaxBounds(bounds);
  map.setView(map.getCenter(), whole, { animate: false });
  const points = read(element, "points");
  addHeat(map, read(element, "heat"), at);
  addLabels(map, read(element, "labels"), at);
  addPoints(map, points, at);
  if (points.length && element.dataset.zoom) map.setView(at(points[0].x, points[0].y), whole + Number(element.dataset.zoom), { animate: false });
  holdStill(map, whole);
}

// On a phone the plan must not swallow the finger that scrolls the page: it moves only once zoomed in further.
function holdStill(map, whole) {
  if (!L.Browser.mobile) return;
  map.dragging.disable();
  map.on("zoomend", () => map.dragging[map.getZoom() > whole + 1.5 ? "enable" : "disable"]());
}

function showPlans() {
  document.querySelectorAll(".plan[data-plan]").forEach(showPlan);
}

document.addEventListener("DOMContentLoaded", showPlans);
document.addEventListener("htmx:after:swap", showPlans);
