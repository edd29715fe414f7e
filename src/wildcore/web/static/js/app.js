// Behaviour of every page: requests, toasts, questions, copying, times, menus.
import { headers } from "./net.js";
import { question, startActions } from "./actions.js";
import { startSearch } from "./search.js";
import { startTables } from "./tables.js";
import { startCharts } from "./charts.js";
import { openTree } from "./tree.js";
import { startForms } from "./forms.js";
import { startSettings } from "./settings.js";
import "./growing.js";

const words = document.querySelector('meta[name="wc-words"]').dataset;

function toast(text, tone = "ok", href = "", link = "") {
  const box = document.getElementById("wc-toasts");
  const item = document.createElement("div");
  item.className = `wc-toast tone-${tone}`;
  const icons = document.getElementById("wc-icons").content;
  const name = { ok: "circle-check", bad: "alert-circle" }[tone] || "info-circle";
  item.append(icons.querySelector(`[data-icon="${name}"] svg`).cloneNode(true));
  const body = document.createElement("div");
  body.textContent = text;
  if (href) {
    const more = document.createElement("a");
    more.href = href;
    more.textContent = link;
    body.append(" ", more);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "wc-copy";
  close.setAttribute("aria-label", box.dataset.close);
  close.append(icons.querySelector('[data-icon="x"] svg').cloneNode(true));
  close.addEventListener("click", () => item.remove());
  item.append(body, close);
  box.append(item);
  window.setTimeout(() => item.remove(), tone === "bad" ? 12000 : 6000);
}

function takeToasts(within) {
  for (const mark of within.querySelectorAll("template[data-toast]")) {
    toast(mark.content.textContent.trim(), mark.dataset.toast, mark.dataset.href, mark.dataset.link);
    if (mark.dataset.url) history.replaceState(history.state, "", mark.dataset.url); // what was just made has an address
    mark.remove();
  }
}

// Times: "2 h 14 min ago" stays true, the hover shows the person's own zone.
function span(seconds) {
  let left = Math.max(0, Math.floor(seconds));
  const parts = [[86400, words.d], [3600, words.h], [60, words.min], [1, words.s]].map(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return [count, unit];
  });
  let first = parts.findIndex(([count]) => count);
  if (first < 0) first = 3;
  const shown = parts.slice(first, first + 2).filter(([count]) => count);
  return (shown.length ? shown : [parts[3]]).map(([count, unit]) => `${count}\u00a0${unit}`).join(" ");
}
const pad = (value) => String(value).padStart(2, "0");
function full(date) {
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}
function showTimes(within = document) {
  for (const mark of within.querySelectorAll("time[datetime]")) {
    const date = new Date(mark.dateTime);
    const passed = (Date.now() - date) / 1000;
    const long = span(passed);
    const ago = passed < 5 ? words.now : words.ago.replace("{span}", long);
    if ("stamp" in mark.dataset) {
      mark.textContent = full(date);
      mark.title = ago;
    } else {
      mark.title = full(date);
      if ("ago" in mark.dataset && passed >= 0) mark.textContent = ago;
      if ("lasts" in mark.dataset) mark.textContent = long;
    }
  }
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch (_refused) { // no permission inside a foreign frame, or plain http
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.classList.add("wc-copied");
  window.setTimeout(() => button.classList.remove("wc-copied"), 1200);
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const button = target.closest("[data-copy]");
  if (button) {
    event.preventDefault();
    event.stopPropagation();
    copy(button);
    return;
  }
  const wish = target.closest("[data-theme-set]");
  if (wish) {
    try { localStorage.setItem("wc-theme", wish.dataset.themeSet); } catch (_blocked) { /* this page only */ }
    window.wildcore.theme();
  }
  if (target.closest("[data-menu-toggle]")) document.body.classList.toggle("wc-menu-open");
  for (const open of document.querySelectorAll("details[data-menu][open]")) {
    if (!open.contains(target) || target.closest("[role=menu] a, [role=menu] button")) open.removeAttribute("open");
  }
  const row = target.closest("tr[data-href]");
  if (row && !target.closest("a, button, input, select, label, summary") && !String(window.getSelection())) {
    const link = row.querySelector("a.wc-rowlink");
    if (link && !(event.ctrlKey || event.metaKey)) link.click();
    else if (link) window.open(link.href, "_blank", "noopener");
  }
});
document.addEventListener("auxclick", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (event.button === 1 && row && !event.target.closest("a, button")) window.open(row.dataset.href, "_blank", "noopener");
});
document.addEventListener("submit", (event) => {
  for (const here of event.target.querySelectorAll("[data-here]")) here.value = location.pathname + location.search;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  document.body.classList.remove("wc-menu-open");
  for (const open of document.querySelectorAll("details[data-menu][open]")) {
    open.removeAttribute("open");
    open.querySelector("summary").focus();
  }
});

// htmx: the key or the CSRF token goes along, questions name the object, failures are said.
document.addEventListener("htmx:configRequest", (event) => Object.assign(event.detail.headers, headers()));
document.addEventListener("htmx:historyCacheMiss", (event) => { // back and forward inside billing
  for (const [name, value] of Object.entries(headers())) event.detail.xhr.setRequestHeader(name, value);
});
document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  question(event.detail.elt, event.detail.question, () => event.detail.issueRequest(true));
});
// A page that nobody looks at asks for nothing; it makes up for it as soon as it is seen again.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, triggeringEvent } = event.detail.requestConfig;
  if (!document.hidden || triggeringEvent || !elt.matches('[hx-trigger*="wc:seen"]')) return;
  event.preventDefault();
  elt.dataset.missed = "";
});
// A page that is being left is not renewed any more: with it the link would go that was pressed, and its address with the link.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.detail.boosted) return;
  for (const one of document.querySelectorAll("#iface, #iface [data-refresh]")) window.htmx.trigger(one, "htmx:abort");
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const elt of document.querySelectorAll("[data-missed]")) {
    delete elt.dataset.missed;
    elt.dispatchEvent(new Event("wc:seen"));
  }
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // A refused form comes back with its errors and is shown in its place.
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("htmx:responseError", (event) => {
  const box = document.getElementById("wc-toasts").dataset;
  const { xhr } = event.detail;
  const type = xhr.getResponseHeader("Content-Type") || "";
  let said = type.startsWith("text/plain") ? xhr.responseText : "";
  if (type.startsWith("application/json")) {
    try { said = JSON.parse(xhr.responseText).error.description; } catch (_broken) { said = ""; }
  }
  toast(said.slice(0, 300) || box.failed, "bad");
});
document.addEventListener("htmx:sendError", () => toast(document.getElementById("wc-toasts").dataset.lost, "bad"));
document.addEventListener("htmx:afterSettle", (event) => {
  takeToasts(document);
  showTimes();
  startTables(document);
  startCharts(document);
  openTree();
  startForms(document);
  startSettings(document);
  if (event.detail.target === document.body) startSearch();
});
document.addEventListener("wc:refreshed", () => showTimes());
document.addEventListener("htmx:historyRestore", () => {
  showTimes();
  startTables(document);
  startCharts(document);
});

startActions(toast);
startSearch();
startTables(document);
startCharts(document);
openTree();
startForms(document);
startSettings(document);
takeToasts(document);
showTimes();
window.setInterval(showTimes, 10000);
