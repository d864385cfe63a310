// An open page says that there are newer numbers; it shows them when its reader wants to.
"use strict";
(() => {
  const EVERY_MS = 30_000;

  const say = (page) => {
    if (page.querySelector(".newer")) return;
    const line = document.createElement("p");
    line.className = "newer";
    line.setAttribute("role", "status");
    const link = document.createElement("a");
    link.href = location.href.split("#")[0];
    link.textContent = "Show them";
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    line.append("There are newer numbers. ", link);
    page.prepend(line);
  };

  const look = async () => {
    const page = document.getElementById("mentor-page");
    if (!page || document.visibilityState !== "visible") return;
    try {
      const answer = await fetch("mentor/version", { cache: "no-store" });
      const version = answer.ok ? await answer.text() : "";
      if (version && version !== page.dataset.version) say(page);
    } catch {
      // The server may be away: the next look is soon.
    }
  };

  document.addEventListener("visibilitychange", look);
  setInterval(look, EVERY_MS);
})();
