// The desk's keyboard, and a question before typed text is left behind. Everything works without this file.
(() => {
  "use strict";
  const area = () => [...document.querySelectorAll("section.area")];
  const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const on = document.getElementById("keys-on");
  const stored = "mentor-desk-keys";
  if (on) {
    on.checked = localStorage.getItem(stored) !== "off";
    on.addEventListener("change", () => localStorage.setItem(stored, on.checked ? "on" : "off"));
  }

  const current = () => {
    const within = document.activeElement.closest("section.area");
    if (within) return within;
    // Where `go` leaves an area, below what `scroll-padding-top` keeps free.
    return area().filter((each) => each.getBoundingClientRect().top < 100).pop() || null;
  };

  const go = (step) => {
    const all = area();
    const place = all.indexOf(current());
    const next = all[Math.min(Math.max(place + step, 0), all.length - 1)];
    if (next) {
      next.querySelector("h2").focus({ preventScroll: true });
      next.scrollIntoView({ block: "start" });
    }
  };

  const edit = () => {
    const here = current() || area()[0];
    if (!here) return;
    here.querySelector("details.edit").open = true;
    here.querySelector("textarea[name=text]").focus();
  };

  const actions = {
    j: () => go(1),
    k: () => go(-1),
    e: edit,
    a: () => (current() || area()[0])?.querySelector("button[value=accept]")?.focus(),
    n: () => document.querySelector("a[rel=next]")?.click(),
    p: () => document.querySelector("a[rel=prev]")?.click(),
  };

  document.addEventListener("keydown", (event) => {
    if (!on?.checked || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const action = actions[event.key];
    if (action) {
      event.preventDefault();
      action();
    }
  });

  // What a refused form holds is unsaved too, although nothing was typed on this page.
  let isSending = false;
  const isDirty = () =>
    [...document.querySelectorAll("form.say textarea, #comments textarea")].some((each) => each.value !== each.defaultValue) ||
    document.querySelector("form.say [role=alert]") !== null;
  document.addEventListener("submit", () => { isSending = true; });
  window.addEventListener("pageshow", () => { isSending = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!isSending && isDirty()) event.preventDefault();
  });

  // An area whose form was refused is far down the page.
  const problem = document.querySelector("form [role=alert]");
  if (problem) {
    problem.tabIndex = -1;
    problem.focus();
  }
})();
