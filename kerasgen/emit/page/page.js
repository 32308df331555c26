"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = isDark() ? "light" : "dark"; };
  theme.hidden = false;
  theme.setAttribute("aria-label", "light or dark page");
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  name();

  const number = (text) => Number(text.replace(/[,\u202f]/g, ""));
  const order = (one, other) => {
    const [a, b] = [number(one), number(other)];
    if (one !== "" && other !== "" && !Number.isNaN(a) && !Number.isNaN(b)) return a - b;
    return one.localeCompare(other, "en", { numeric: true });
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows];
        rows.sort((a, b) => (up ? 1 : -1) * order(a.cells[place].textContent, b.cells[place].textContent));
        body.append(...rows);
      });
    });
  }

  // Of what is drawn over time the end is what is looked for.
  for (const figure of document.querySelectorAll(".wide .figure")) figure.scrollLeft = figure.scrollWidth;

  const copies = async (button, text) => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "copied";
    } catch { button.textContent = "not allowed"; }
  };
  for (const block of document.querySelectorAll("[data-copied]")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.addEventListener("click", () => copies(button, block.querySelector("code").textContent));
    block.append(button);
  }
  for (const place of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.title = place.dataset.copy;
    button.addEventListener("click", () => copies(button, place.dataset.copy));
    place.append(button);
  }

  for (const table of document.querySelectorAll("table[data-filtered]")) {
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
    const line = document.createElement("p");
    line.className = "filter";
    const label = document.createElement("label");
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = "words, all of them";
    label.append("filter ", field);
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    line.append(label, count);
    const shownRows = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      rows.forEach((row, place) => {
        row.hidden = !words.every((word) => texts[place].includes(word));
        left += row.hidden ? 0 : 1;
      });
      count.textContent = words.length ? `${left} of ${rows.length}` : "";
    };
    field.addEventListener("input", shownRows);
    const around = table.parentElement;
    around.before(line);
    if (rows.length > 20) around.classList.add("tall");
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open]):not(.part)")];
    closed.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => { closed.forEach((part) => { part.open = false; }); });
})();
