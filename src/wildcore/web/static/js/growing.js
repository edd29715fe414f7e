// An answer that grows: each state of it is whole, and stands in the page as soon as it has come; the last one is swapped in by htmx.
const NEXT = "<!--next-->";

function show(target, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  const state = made.content.firstElementChild;
  if (!state || !target.isConnected) return;
  target.hidden = false;
  target.className = state.className;
  target.replaceChildren(...state.childNodes);
}

document.addEventListener("htmx:beforeSend", ({ detail }) => {
  if (!detail.elt.matches("[data-growing]")) return;
  let shown = 0;
  detail.xhr.addEventListener("progress", () => {
    const states = detail.xhr.responseText.split(NEXT);
    states.pop(); // the last one may be cut anywhere
    if (states.length > shown) show(detail.target, states.at(-1));
    shown = states.length;
  });
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.requestConfig.elt.matches("[data-growing]")) detail.serverResponse = detail.serverResponse.split(NEXT).at(-1);
});
