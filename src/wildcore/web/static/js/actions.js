// Questions before something is done, and actions of the API: <button data-put="/api/..." data-question="...">, asked first (twice with
// data-again), shown while they go on (data-doing), told afterwards (data-done), with fresh values behind them (data-after="live": from
// the device, and again after each number of seconds in data-follow).
import { headers } from "./net.js";

export function question(element, text, go) {
  const ask = "askName" in element.dataset; // answered with a text
  const typed = element.dataset.mustType || ""; // the name that has to be typed before it is done
  const { again } = element.dataset;
  show(element, text, element.dataset.warning, element.dataset.yes, { ask, typed }, (answer) => {
    if (again) show(element, again, "", element.dataset.yesAgain, { ask: false, typed: "" }, go);
    else go(answer);
  });
}

function show(element, text, warning, yesText, { ask, typed }, go) {
  const dialog = document.getElementById("wc-confirm");
  const yes = dialog.querySelector("[data-yes]");
  const answer = dialog.querySelector("[data-answer]");
  document.getElementById("wc-confirm-question").textContent = text;
  dialog.querySelector("p").textContent = warning || "";
  dialog.querySelector(".wc-icon").toggleAttribute("hidden", ask);
  yes.textContent = yesText || yes.dataset.text;
  yes.className = ask ? "wc-btn wc-btn-primary" : "wc-btn wc-btn-danger";
  answer.hidden = !ask && !typed;
  answer.value = (ask && element.dataset.askValue) || "";
  yes.disabled = Boolean(typed);
  answer.oninput = () => { yes.disabled = Boolean(typed) && answer.value.trim() !== typed; };
  dialog.returnValue = "";
  dialog.onclose = () => { if (dialog.returnValue === "yes") go(answer.value); };
  dialog.showModal();
  (ask || typed ? answer : dialog.querySelector("form button")).focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-answer]")) {
    event.preventDefault();
    document.querySelector("#wc-confirm [data-yes]").click();
  }
});

function bodyOf(button, text) {
  const { askName, askAs, body } = button.dataset;
  if (button.type === "checkbox") return { [button.name]: button.checked }; // as it stands, not as the page was when it was drawn
  if (!askName) return body ? JSON.parse(body) : {};
  if (askAs === "list") return { [askName]: text.split(/[\s,;]+/).filter(Boolean) };
  if (askAs !== "place") return { [askName]: text };
  if (!text.trim()) return { [askName]: null };
  const place = text.trim().match(/^(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)$/);
  if (!place) throw new Error(button.dataset.bad);
  return { [askName]: { lat: Number(place[1]), lon: Number(place[2]) } };
}

function showStored(page) {
  return window.htmx.ajax("GET", page.dataset.stored, { source: page, target: page, swap: "outerHTML" });
}

// What goes on stands where the age of the values stands, until the page is renewed.
function showDoing(page, text) {
  const place = page && page.querySelector(".wc-live");
  if (!place || !text) return () => {};
  const before = [...place.childNodes];
  const words = document.createElement("span");
  words.textContent = text;
  place.replaceChildren(document.getElementById("wc-icons").content.querySelector('[data-icon="loader-2"] svg').cloneNode(true), words);
  return () => place.replaceChildren(...before);
}

function renew(live, follow) {
  const page = document.getElementById("iface");
  if (!page) {
    document.querySelector("[data-refresh]")?.click();
    return;
  }
  if (!live) {
    showStored(page);
    return;
  }
  page.querySelector("[data-refresh]").click();
  const { id } = page.dataset;
  for (const seconds of follow) {
    window.setTimeout(() => document.querySelector(`#iface[data-id="${id}"] [data-refresh]:not([disabled])`)?.click(), seconds * 1000);
  }
}

export function startActions(toast) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-put]");
    if (!button) return;
    const asked = button.dataset.question || button.dataset.ask;
    const go = (text) => act(button, text, toast);
    if (asked) question(button, asked, go);
    else go("");
  });
}

async function act(button, text, toast) {
  const { put, after, doing, follow } = button.dataset;
  const done = button.type === "checkbox" ? button.dataset[button.checked ? "doneOn" : "doneOff"] : button.dataset.done;
  const page = document.getElementById("iface");
  let undo = () => {};
  try {
    const body = JSON.stringify(bodyOf(button, text));
    undo = showDoing(page, doing);
    button.disabled = true;
    const answer = await fetch(put, {
      method: "PUT",
      credentials: "same-origin",
      headers: { ...headers(), "Content-Type": "application/json", "X-Page-Language": document.documentElement.lang },
      body,
    });
    const data = await answer.json();
    if (!answer.ok) throw new Error(data.error.description);
    toast(done);
    renew(after === "live", (follow || "").split(" ").filter(Boolean).map(Number));
  } catch (problem) {
    undo();
    toast(problem.message || document.getElementById("wc-toasts").dataset.failed, "bad");
    if (page && document.contains(page)) showStored(page); // a device may have taken a part of it
  } finally {
    button.disabled = false;
  }
}
