// Paints <canvas data-heat> from its bytes: one per cell, 255 where cases lie densest. Colours come from thefts.css.
"use strict";

function rgb(element, name) {
  const hex = getComputedStyle(element).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

function paint(canvas) {
  const bytes = atob(canvas.dataset.heat);
  const stops = ["--heat-low", "--heat-middle", "--heat-high"].map((name) => rgb(canvas, name));
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let cell = 0; cell < bytes.length; cell += 1) {
    const share = Math.sqrt(bytes.charCodeAt(cell) / 255);
    const [from, to] = share < 0.5 ? stops.slice(0, 2) : stops.slice(1);
    const part = share < 0.5 ? share * 2 : share * 2 - 1;
    for (let channel = 0; channel < 3; channel += 1) {
      image.data[4 * cell + channel] = from[channel] + (to[channel] - from[channel]) * part;
    }
    image.data[4 * cell + 3] = 225 * Math.min(1, Math.max(0, share - 0.12) * 2.2);
  }
  context.putImageData(image, 0, 0);
}

function paintAll() {
  document.querySelectorAll("canvas[data-heat]").forEach(paint);
}

document.addEventListener("DOMContentLoaded", paintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
