// The analysts' page by keyboard: J and K walk from picture to picture, 1 to 4 press the buttons of the one in front.
"use strict";

const cards = () => [...document.querySelectorAll("[data-picture]")];

// Where the keys go: the picture that has the focus or was gone on with, else the first.
function inFront() {
  return document.activeElement.closest("[data-picture]") || document.querySelector("[data-picture]:target");
}

function walk(step) {
  const all = cards();
  const at = all.indexOf(inFront());
  const next = at < 0 ? all[0] : all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, select, textarea")) return;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") walk(key === "j" ? 1 : -1);
  else if (/^[1-9]$/.test(key)) (inFront() || cards()[0])?.querySelectorAll(".label-answers button")[key - 1]?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("DOMContentLoaded", () => document.querySelector("[data-picture]:target")?.focus({ preventScroll: true }));
