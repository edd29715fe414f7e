// OLT tree: which branches are open is remembered for as long as the tab lives.
export function startTree() {
  const key = () => `wc-tree-${location.pathname}`;
  const read = () => { try { return JSON.parse(sessionStorage.getItem(key()) || "[]"); } catch (_blocked) { return []; } };
  document.addEventListener("toggle", (event) => {
    const branch = event.target;
    if (!branch.matches?.("details[data-branch]")) return;
    if (branch.open && branch.querySelector("[data-load]")) window.htmx.trigger(branch.querySelector("[data-load]"), "open");
    if (branch.closest("[data-found]")) return;
    const open = new Set(read());
    if (branch.open) open.add(branch.dataset.branch);
    else open.delete(branch.dataset.branch);
    try { sessionStorage.setItem(key(), JSON.stringify([...open])); } catch (_blocked) { /* not kept */ }
  }, true);
  const reopen = () => {
    const open = new Set(read());
    for (const branch of document.querySelectorAll(".wc-tree:not([data-found]) details[data-branch]")) {
      if (open.has(branch.dataset.branch)) branch.open = true;
    }
  };
  const ready = () => window.htmx && reopen();
  if (window.htmx) reopen();
  else window.addEventListener("load", ready);
}
