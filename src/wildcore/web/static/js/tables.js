// Tables: sort (remembered), filter of the rows on the page, export to CSV.
const memory = {
  get(name) { try { return JSON.parse(localStorage.getItem(`wc-table-${name}`) || "null"); } catch (_blocked) { return null; } },
  set(name, value) { try { localStorage.setItem(`wc-table-${name}`, JSON.stringify(value)); } catch (_blocked) { /* not kept */ } },
};
const words = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });

function cellValue(row, column) {
  const cell = row.cells[column];
  if (!cell) return "";
  return "v" in cell.dataset ? cell.dataset.v : cell.textContent.trim();
}

function sort(table, column, descending) {
  const head = table.tHead.rows[0].cells;
  const kind = head[column].querySelector("[data-sort]").dataset.sort;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows).map((row) => [cellValue(row, column), row]);
  rows.sort(([one], [other]) => {
    if (kind === "number") {
      const a = one === "" ? NaN : Number(one);
      const b = other === "" ? NaN : Number(other);
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b); // without a value: always last
      return descending ? b - a : a - b;
    }
    return descending ? words.compare(other, one) : words.compare(one, other);
  });
  body.append(...rows.map(([, row]) => row));
  for (let at = 0; at < head.length; at += 1) {
    if (head[at].hasAttribute("aria-sort")) {
      head[at].setAttribute("aria-sort", at === column ? (descending ? "descending" : "ascending") : "none");
    }
  }
}

function csv(table) {
  const quote = (text) => (/[",\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const safe = (text) => (/^[=+@\t]/.test(text) || /^-[^\d]/.test(text) ? `'${text}` : text); // no formulas
  const rows = [table.tHead.rows[0], ...Array.from(table.tBodies[0].rows).filter((row) => !row.hidden)];
  return rows.map((row) => Array.from(row.cells).map((cell) => quote(safe(cell.innerText.replace(/\s+/g, " ").trim()))).join(",")).join("\r\n");
}

export function startTables(within) {
  for (const table of within.querySelectorAll("table[data-table]:not([data-started])")) {
    table.dataset.started = "yes";
    table.tHead.addEventListener("click", (event) => {
      const button = event.target.closest("[data-sort]");
      if (!button) return;
      const cell = button.closest("th");
      const descending = cell.getAttribute("aria-sort") === "ascending";
      sort(table, cell.cellIndex, descending);
      if (table.dataset.name) memory.set(table.dataset.name, [cell.cellIndex, descending]);
    });
    const kept = table.dataset.name && memory.get(table.dataset.name);
    if (kept && table.tHead.rows[0].cells[kept[0]]?.querySelector("[data-sort]")) sort(table, kept[0], kept[1]);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-export]");
  const table = button && document.getElementById(button.dataset.export);
  if (!table) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", csv(table)], { type: "text/csv;charset=utf-8" }));
  link.download = button.dataset.file;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-filter]");
  const table = field && document.getElementById(field.dataset.filter);
  if (!table) return;
  const text = field.value.trim().toLocaleLowerCase();
  for (const row of table.tBodies[0].rows) row.hidden = Boolean(text) && !row.textContent.toLocaleLowerCase().includes(text);
});

// Filters of a list are remembered: <form data-remember="NAME">; <a data-forget="NAME"> shows everything again.
const remembered = document.querySelector("form[data-remember]");
if (remembered) {
  const name = `filter-${remembered.dataset.remember}`;
  const kept = memory.get(name);
  if (kept && !location.search) location.replace(`${location.pathname}?${kept}`);
  const keep = () => {
    const chosen = [...new FormData(remembered)].filter(([, value]) => value);
    memory.set(name, new URLSearchParams(chosen).toString());
  };
  remembered.addEventListener("input", keep);
  remembered.addEventListener("change", keep);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-forget]")) memory.set(name, "");
  });
}
