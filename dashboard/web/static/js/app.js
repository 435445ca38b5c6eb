// The few things a page does by itself: ages tick, menus close, and the live dot tells the truth.
"use strict";

const language = document.documentElement.lang;
const spans = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function spanOf(seconds) {
  const [unit, size] = spans.find(([, length]) => seconds >= length) || spans[3];
  const number = Math.max(0, Math.floor(seconds / size));
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: language === "en" ? "short" : "long" }).format(number);
}

// <time data-age datetime="…"> shows how long ago that was, every second.
function tick() {
  for (const element of document.querySelectorAll("time[data-age]")) {
    const text = spanOf((Date.now() - Date.parse(element.dateTime)) / 1000);
    if (element.textContent !== text) element.textContent = text;
  }
}

// Only one dropdown is open, and a tap elsewhere closes it.
function closeDropdowns(event) {
  for (const dropdown of document.querySelectorAll("details.dropdown[open]")) {
    if (!dropdown.contains(event.target)) dropdown.open = false;
  }
}

function liveness(alive) {
  for (const element of document.querySelectorAll("[data-live]")) element.dataset.live = alive ? "on" : "off";
}

setInterval(tick, 1000);
document.addEventListener("DOMContentLoaded", tick);
document.addEventListener("htmx:after:swap", tick);
document.addEventListener("click", closeDropdowns);
document.addEventListener("htmx:sse:after:connection", () => liveness(true));
document.addEventListener("htmx:sse:error", (event) => {
  liveness(false);
  // The login has ended: the page asks for it again instead of trying for ever.
  if (event.detail.status === 401) location.reload();
});
document.addEventListener("htmx:sse:close", () => liveness(false));

// <select data-submits> sends its form when another choice is made.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});
