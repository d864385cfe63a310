// The table of the class: sorting, filtering, more columns. State is kept in the address's hash.
//
// Events are caught at the document, so that tables put in later work too. A head's button sorts (largest first for
// numbers, newest for dates, A to Z for text), again the other way round, again back to the roster's order. Rows without a value come
// last either way.
"use strict";
(() => {
  const WORDS = {
    text: ["A to Z", "Z to A"],
    name: ["lowest first", "highest first"],
    number: ["smallest first", "largest first"],
    date: ["oldest first", "newest first"],
  };
  const TABLE = "table.mentor-table";
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const rootOf = (node) => node.closest(".mentor-class");
  const rowsOf = (table) => Array.from(table.tBodies[0].rows);

  const valueOf = (row, place) => {
    const cell = row.cells[place];
    return place === 0 ? row.dataset.group : cell.dataset.v;
  };

  // Dates are written so that they sort as texts do.
  const compare = (kind) => (a, b) => (kind === "number" ? Number(a) - Number(b) : collator.compare(a, b));

  const sorted = (rows, place, kind, direction) => {
    const order = compare(kind);
    const turn = direction === "descending" ? -1 : 1;
    return rows
      .map((row) => ({ row, value: valueOf(row, place), at: Number(row.dataset.place) }))
      .sort((a, b) => {
        if (a.value === undefined || b.value === undefined) {
          return (a.value === undefined) - (b.value === undefined) || a.at - b.at;
        }
        return turn * order(a.value, b.value) || a.at - b.at;
      })
      .map((each) => each.row);
  };

  const sortBy = (table, name, direction) => {
    const heads = Array.from(table.tHead.rows[0].cells);
    const place = heads.findIndex((head) => head.dataset.name === name);
    const rows = rowsOf(table);
    for (const head of heads) head.setAttribute("aria-sort", "none");
    let order;
    if (place < 0 || direction === "none") {
      order = rows.sort((a, b) => a.dataset.place - b.dataset.place);
    } else {
      heads[place].setAttribute("aria-sort", direction);
      order = sorted(rows, place, heads[place].firstElementChild.dataset.kind, direction);
    }
    table.tBodies[0].append(...order);
  };

  const sortOf = (table) => {
    const head = Array.from(table.tHead.rows[0].cells).find((each) => each.getAttribute("aria-sort") !== "none");
    return head ? { name: head.dataset.name, direction: head.getAttribute("aria-sort"), head } : null;
  };

  const next = (head) => {
    const button = head.firstElementChild;
    const isLargestFirst = button.dataset.kind === "number" || button.dataset.kind === "date";
    const first = isLargestFirst ? "descending" : "ascending";
    const second = first === "descending" ? "ascending" : "descending";
    const now = head.getAttribute("aria-sort");
    return now === "none" ? first : now === first ? second : "none";
  };

  const filter = (root) => {
    const table = root.querySelector(TABLE);
    const wanted = (root.querySelector(".mentor-filter")?.value ?? "").trim().toLowerCase();
    const state = root.querySelector(".mentor-state")?.value ?? "";
    const passing = root.querySelector(".mentor-passing")?.checked ?? false;
    let shown = 0;
    for (const row of rowsOf(table)) {
      const fits =
        row.dataset.group.toLowerCase().includes(wanted) &&
        (!state || row.dataset.state === state) &&
        (!passing || row.dataset.runs === "passing");
      row.hidden = !fits;
      shown += fits;
    }
    root.querySelector(".none-left").hidden = shown > 0;
    return shown;
  };

  const say = (root, shown) => {
    const table = root.querySelector(TABLE);
    const total = rowsOf(table).length;
    const sort = sortOf(table);
    const number = shown === total ? `${total} groups` : `${shown} of ${total} groups`;
    let order = "in the roster's order";
    if (sort) {
      const button = sort.head.firstElementChild;
      const words = WORDS[button.dataset.kind] ?? WORDS.text;
      order = `sorted by ${button.textContent.trim()}, ${words[sort.direction === "ascending" ? 0 : 1]}`;
    }
    const text = `${number}, ${order}.`;
    const live = root.querySelector(".mentor-live");
    if (live.textContent !== text) live.textContent = text;
  };

  const keep = (root) => {
    const table = root.querySelector(TABLE);
    const sort = sortOf(table);
    const state = new URLSearchParams();
    const filtered = root.querySelector(".mentor-filter")?.value.trim();
    if (sort) state.set("sort", sort.name);
    if (sort) state.set("order", sort.direction);
    if (filtered) state.set("q", filtered);
    if (root.querySelector(".mentor-state")?.value) state.set("state", root.querySelector(".mentor-state").value);
    if (root.querySelector(".mentor-passing")?.checked) state.set("ci", "passing");
    if (root.querySelector(".mentor-more")?.checked) state.set("more", "1");
    const hash = state.toString();
    history.replaceState(history.state, "", location.pathname + location.search + (hash ? `#${hash}` : ""));
  };

  const restore = (root) => {
    const state = new URLSearchParams(location.hash.slice(1));
    const set = (selector, property, value) => {
      const control = root.querySelector(selector);
      if (control && value !== null) control[property] = value;
    };
    set(".mentor-filter", "value", state.get("q"));
    set(".mentor-state", "value", state.get("state"));
    set(".mentor-passing", "checked", state.has("ci") ? true : null);
    set(".mentor-more", "checked", state.has("more") ? true : null);
    const select = root.querySelector(".mentor-state");
    if (select && select.selectedIndex < 0) select.selectedIndex = 0;
    const order = state.get("order");
    if (state.get("sort") && (order === "ascending" || order === "descending")) {
      sortBy(root.querySelector(TABLE), state.get("sort"), order);
    }
    say(root, filter(root));
  };

  const update = (root) => {
    say(root, filter(root));
    keep(root);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(`${TABLE} button[data-sort]`);
    if (!button) return;
    const head = button.parentElement;
    sortBy(button.closest(TABLE), head.dataset.name, next(head));
    update(rootOf(button));
  });

  const changed = (event) => {
    const control = event.target.closest?.(".mentor-filter, .mentor-state, .mentor-passing, .mentor-more");
    if (control && rootOf(control)) update(rootOf(control));
  };
  document.addEventListener("input", changed);
  document.addEventListener("change", changed);

  const seen = new WeakSet();
  const look = () => {
    for (const table of document.querySelectorAll(TABLE)) {
      if (seen.has(table) || !rootOf(table)) continue;
      seen.add(table);
      restore(rootOf(table));
    }
  };
  let isAsked = false;
  new MutationObserver(() => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      look();
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
  look();
})();
