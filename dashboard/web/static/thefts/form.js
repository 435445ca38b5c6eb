// A tap on the plan says where the bike stood; a tap on the point takes it away again.
"use strict";

const NEAR_PX = 14;

function pickOn(plan) {
  const form = plan.closest("form");
  const point = plan.querySelector("circle");
  const show = () => {
    const { plan_x: x, plan_y: y } = form.elements;
    const known = x.value !== "" && y.value !== "";
    point.setAttribute("cx", known ? `${(100 * x.value) / plan.dataset.width}%` : "-99");
    point.setAttribute("cy", known ? `${(100 * y.value) / plan.dataset.height}%` : "-99");
  };
  plan.addEventListener("click", (event) => {
    const box = plan.getBoundingClientRect();
    const dot = point.getBoundingClientRect();
    const away = Math.hypot(event.clientX - dot.x - dot.width / 2, event.clientY - dot.y - dot.height / 2) < NEAR_PX;
    form.elements.plan_x.value = away ? "" : (((event.clientX - box.x) / box.width) * plan.dataset.width).toFixed(1);
    form.elements.plan_y.value = away ? "" : (((event.clientY - box.y) / box.height) * plan.dataset.height).toFixed(1);
    show();
  });
  show();
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".thefts-pick").forEach(pickOn));
