// Settings: forms that know whether something was changed, the way back to a default, a filter of what is on the page.
const fieldsOf = (form) => Array.from(form.elements).filter((field) => field.name && field.type !== "hidden");

function differs(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") {
    const options = Array.from(field.options);
    const own = options.find((option) => option.defaultSelected) || options[0];
    return Boolean(own) && field.value !== own.value;
  }
  return field.value !== field.defaultValue;
}

function valueOf(field) {
  if (field.type === "checkbox") return field.checked ? "yes" : "no";
  return field.value;
}

function showDirty(form) {
  let dirty = "dirtyFromStart" in form.dataset;
  for (const field of fieldsOf(form)) {
    const changed = differs(field);
    dirty = dirty || changed;
    field.closest("[data-item]")?.classList.toggle("wc-typed", changed);
  }
  form.classList.toggle("wc-dirty", dirty);
  for (const back of form.querySelectorAll("[data-default-of]")) {
    const field = document.getElementById(back.dataset.defaultOf);
    back.hidden = !field || valueOf(field) === back.dataset.default;
  }
}

export function startSettings(within) {
  for (const form of within.querySelectorAll("form[data-dirty]")) showDirty(form);
  within.querySelector("[data-focus]")?.focus();
}

for (const event of ["input", "change"]) {
  document.addEventListener(event, ({ target }) => { if (target.form && "dirty" in target.form.dataset) showDirty(target.form); });
}
document.addEventListener("click", ({ target }) => {
  const back = target.closest("[data-default-of]");
  if (!back) return;
  const field = document.getElementById(back.dataset.defaultOf);
  if (field.type === "checkbox") field.checked = back.dataset.default === "yes";
  else field.value = back.dataset.default;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
document.addEventListener("change", ({ target }) => { if ("submit" in target.dataset) target.form.requestSubmit(); });

document.querySelector(".wc-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What is typed is never lost by closing the page in haste.
window.addEventListener("beforeunload", (event) => { if (document.querySelector("form.wc-dirty[data-item-group]")) event.preventDefault(); });

function filterItems(selector) {
  const words = document.querySelector(`[data-item-filter="${selector}"]`).value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const changed = document.querySelector(`[data-item-changed="${selector}"]`)?.checked;
  let shown = 0;
  for (const group of document.querySelectorAll(`${selector} [data-item-group]`)) {
    let left = 0;
    const named = (group.querySelector("h2")?.textContent || "").toLowerCase();
    for (const item of group.querySelectorAll("[data-item]")) {
      const text = `${item.dataset.item.toLowerCase()} ${named}`;
      const fits = words.every((word) => text.includes(word)) && (!changed || "changed" in item.dataset);
      item.hidden = !fits;
      left += fits;
    }
    group.hidden = !left;
    shown += left;
  }
  document.querySelector(`[data-item-none="${selector}"]`).hidden = shown > 0;
}
document.addEventListener("input", ({ target }) => {
  const selector = target.dataset.itemFilter || target.dataset.itemChanged;
  if (selector) filterItems(selector);
});
