"use strict";
const root = document.documentElement;

function kept(name) {
  try { return localStorage.getItem("pleaselock-report-" + name); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem("pleaselock-report-" + name, value); } catch { /* a file opened from disk may not keep things */ }
}

function setLanguage(language) {
  root.dataset.language = language;
  root.lang = language;
  for (const button of document.querySelectorAll("[data-set-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setLanguage === language));
  }
}

for (const button of document.querySelectorAll("[data-set-language]")) {
  button.addEventListener("click", () => { setLanguage(button.dataset.setLanguage); keep("language", button.dataset.setLanguage); });
}

document.querySelector("[data-set-theme]").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  keep("theme", root.dataset.theme);
});

setLanguage(kept("language") || ((navigator.language || "").toLowerCase().startsWith("zh") ? "zh-CN" : "en"));
if (kept("theme")) root.dataset.theme = kept("theme");
