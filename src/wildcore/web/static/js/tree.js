// OLT tree: which branches are open is remembered for as long as the tab lives.
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
