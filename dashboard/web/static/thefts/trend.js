// The weekly trend: bars for weeks, a line for the mean of four. Colours follow the page's light.
"use strict";

const HEIGHT = 240;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(element, words) {
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const whole = (_chart, splits) => splits.map((split) => (Number.isInteger(split) ? split : ""));
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" });
  const month = new Intl.DateTimeFormat(document.documentElement.lang, { year: "numeric", month: "short", timeZone: "UTC" });
  return {
    width: element.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    cursor: { y: false, points: { show: false } },
    legend: { live: true },
    scales: { y: { range: (_chart, _low, high) => [0, Math.max(4, high * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 84, values: (_chart, splits) => splits.map((split) => month.format(new Date(split * 1000))) },
      { ...axis, size: 36, values: whole },
    ],
    series: [
      { label: words.week, value: (_chart, seconds) => (seconds === null ? "–" : day.format(new Date(seconds * 1000))) },
      { label: words.cases, stroke: "transparent", fill: colour("--trend-bar"), paths: uPlot.paths.bars({ size: [0.78, 28] }), points: { show: false } },
      { label: words.mean, stroke: colour("--trend-line"), width: 2.5, points: { show: false }, value: (_chart, mean) => (mean === null || mean === undefined ? "–" : mean.toFixed(1)) },
    ],
  };
}

function draw(element) {
  const trend = JSON.parse(element.dataset.trend);
  const seconds = trend.weeks.map((week) => Date.parse(`${week}T00:00:00Z`) / 1000);
  element.replaceChildren();
  const chart = new uPlot(options(element, trend), [seconds, trend.counts, trend.means], element);
  new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT })).observe(element);
}

function drawAll() {
  document.querySelectorAll("[data-trend]").forEach(draw);
}

document.addEventListener("DOMContentLoaded", drawAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
