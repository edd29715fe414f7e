// Global search: hits from the second character, arrows and Enter, "/" from anywhere.
import { get } from "./net.js";

const WAIT_MS = 140;

export function startSearch() {
  const box = document.querySelector("[data-search]");
  if (!box || box.dataset.started) return;
  box.dataset.started = "yes";
  const input = box.querySelector("input");
  const list = box.querySelector(".wc-hits");
  let timer = 0;
  let running = null;

  const hits = () => Array.from(list.querySelectorAll(".wc-hit"));
  const chosen = () => list.querySelector('[aria-selected="true"]');
  function show(on) {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) input.removeAttribute("aria-activedescendant");
  }
  function choose(hit) {
    for (const other of hits()) other.setAttribute("aria-selected", String(other === hit));
    if (hit) {
      hit.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", hit.id);
    }
  }
  async function ask() {
    const text = input.value.trim();
    if (running) running.abort();
    if (text.length < 2) return show(false);
    running = new AbortController();
    try {
      const answer = await get(`${box.dataset.search}?q=${encodeURIComponent(text)}`, { signal: running.signal });
      if (!answer.ok) return show(false);
      list.innerHTML = await answer.text(); // escaped by the server's templates
      hits().forEach((hit, at) => { hit.id = `wc-hit-${at}`; });
      choose(hits()[0]);
      show(true);
    } catch (problem) {
      if (problem.name !== "AbortError") show(false);
    }
  }
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("focus", () => { if (list.childElementCount && input.value.trim().length > 1) show(true); });
  input.addEventListener("keydown", (event) => {
    const all = hits();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return ask();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const text = input.value.trim();
      if (!list.hidden && chosen()) chosen().click();
      else if (text) location.href = `${box.dataset.page}?q=${encodeURIComponent(text)}`;
    } else if (event.key === "Escape") {
      show(false);
    }
  });
  document.addEventListener("click", (event) => { if (!box.contains(event.target)) show(false); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.target.closest("input, textarea, select, [contenteditable]")) {
      event.preventDefault();
      input.select();
      input.focus();
    }
  });
}
