// A volunteer who is asked notices it: the tab's title counts, and after one tap the phone sounds and shakes too.
"use strict";

const title = document.title;
const button = document.querySelector("[data-notice]");
const KEY = "pleaselock.notice";
let known = null;
let sound = null;

function asked() {
  return [...document.querySelectorAll("article:has(.alert-asked)")].map((card) => card.id);
}

// Browsers let a page sound only after a tap, so the wish of an earlier visit waits for the first tap of this one.
function wake() {
  if (localStorage.getItem(KEY) !== "on") return;
  sound ??= new AudioContext();
  sound.resume();
}

function ring() {
  if (localStorage.getItem(KEY) !== "on") return;
  navigator.vibrate?.([180, 90, 180]);
  if (sound?.state !== "running") return;
  for (const [delay, pitch] of [[0, 740], [0.18, 988]]) {
    const tone = new OscillatorNode(sound, { frequency: pitch });
    const volume = new GainNode(sound, { gain: 0.18 });
    tone.connect(volume).connect(sound.destination);
    tone.start(sound.currentTime + delay);
    tone.stop(sound.currentTime + delay + 0.15);
  }
}

function look() {
  const now = asked();
  document.title = now.length ? `(${now.length}) ${title}` : title;
  if (known !== null && now.some((id) => !known.has(id))) ring();
  known = new Set(now);
}

function show() {
  const state = localStorage.getItem(KEY) === "on" ? "on" : "off";
  button?.setAttribute("aria-pressed", String(state === "on"));
  for (const label of button?.querySelectorAll("[data-when]") ?? []) label.hidden = label.dataset.when !== state;
}

button?.addEventListener("click", () => {
  localStorage.setItem(KEY, localStorage.getItem(KEY) === "on" ? "off" : "on");
  show();
  wake();
  ring();
});
document.addEventListener("click", wake);
document.addEventListener("htmx:after:swap", look);
show();
look();
