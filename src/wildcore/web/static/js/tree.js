// OLT tree: which branches are open is remembered for as long as the tab lives; states stay fresh while somebody looks.
import { get } from "./net.js";
import { startTables } from "./tables.js";

const key = () => `wc-tree-${location.pathname}`;
const read = () => { try { return JSON.parse(sessionStorage.getItem(key()) || "[]"); } catch (_blocked) { return []; } };

export function openTree() {
  const open = new Set(read());
  for (const branch of document.querySelectorAll(".wc-tree:not([data-found]) details[data-branch]:not([open])")) {
    if (open.has(branch.dataset.branch)) branch.open = true;
  }
}

document.addEventListener("toggle", (event) => {
  const branch = event.target;
  if (!branch.matches?.("details[data-branch]")) return;
  const waiting = branch.open && branch.querySelector("[data-load]");
  if (waiting) window.htmx.trigger(waiting, "open");
  if (branch.closest("[data-found]") || !branch.isConnected) return;
  const open = new Set(read());
  if (branch.open) open.add(branch.dataset.branch);
  else open.delete(branch.dataset.branch);
  try { sessionStorage.setItem(key(), JSON.stringify([...open])); } catch (_blocked) { /* not kept */ }
}, true);

const FRESH_MS = 30000;
const branchKeys = (tree) => Array.from(tree.querySelectorAll("details[data-branch]"), (one) => one.dataset.branch).join();

async function part(address) {
  const answer = await get(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Error(answer.statusText);
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text(); // escaped by the server's templates
  return holder.content;
}

function put(fresh, old) {
  old.replaceWith(fresh);
  window.htmx.process(fresh);
}

// Only what changed its looks is exchanged: what is open stays open, and nothing jumps.
async function refreshTree() {
  const tree = document.querySelector(".wc-tree[data-url]");
  if (!tree || document.visibilityState !== "visible" || document.querySelector("dialog[open]") || String(window.getSelection())) return;
  const form = tree.closest(".wc-card")?.querySelector("form");
  const query = form ? new URLSearchParams(new FormData(form)).toString() : "";
  const fresh = (await part(`${tree.dataset.url}?${query}`)).querySelector(".wc-tree");
  if (!fresh || !tree.isConnected) return;
  for (const name of ["states", "signals"]) {
    const mark = document.querySelector(`time[data-of="${name}"]`);
    if (mark && fresh.dataset[name]) mark.dateTime = fresh.dataset[name];
  }
  if (branchKeys(fresh) !== branchKeys(tree) || "found" in tree.dataset) {
    put(fresh, tree);
    openTree();
  } else {
    for (const branch of fresh.querySelectorAll("details[data-branch]")) {
      const own = tree.querySelector(`details[data-branch="${CSS.escape(branch.dataset.branch)}"]`);
      put(branch.querySelector("summary"), own.querySelector("summary"));
    }
    for (const loaded of tree.querySelectorAll("details[open] [data-url]")) {
      const rows = (await part(loaded.dataset.url)).querySelector("[data-url]");
      if (rows && loaded.isConnected) put(rows, loaded);
    }
  }
  startTables(document);
  document.dispatchEvent(new Event("wc:refreshed"));
}

window.setInterval(() => refreshTree().catch(() => { /* the next turn tries again */ }), FRESH_MS);
document.addEventListener("visibilitychange", () => refreshTree().catch(() => { /* the next turn tries again */ }));
