// Forms: a tick box that stands for its group, fields that depend on a choice.
const boxesOf = (group) => Array.from(group.querySelectorAll("input[type=checkbox]:not([data-group-box])"));

function showGroup(group) {
  const own = group.querySelector("[data-group-box]");
  const all = boxesOf(group);
  const free = all.filter((box) => !box.disabled);
  const on = free.filter((box) => box.checked).length;
  own.checked = free.length > 0 && on === free.length;
  own.indeterminate = on > 0 && on < free.length;
  const count = group.querySelector("[data-group-count]");
  if (count) count.textContent = `${all.filter((box) => box.checked).length} / ${all.length}`;
}

// <div data-when="NAME=VALUE"> is there only while the form's field NAME has this value; "!" before VALUE turns it round.
function showDependent(form) {
  const parts = [...form.querySelectorAll("[data-when]"), ...(form.id ? document.querySelectorAll(`[data-when][data-form="${form.id}"]`) : [])];
  for (const part of parts) {
    const [name, wanted] = part.dataset.when.split("=");
    const field = form.elements.namedItem(name);
    if (!field) continue;
    const value = field.type === "checkbox" ? (field.checked ? field.value : "") : field.value;
    part.hidden = wanted.startsWith("!") ? value === wanted.slice(1) : !wanted.split("|").includes(value);
  }
}

document.addEventListener("change", (event) => {
  const group = event.target.closest("[data-group]");
  if (group) {
    if (event.target.matches("[data-group-box]")) {
      for (const box of boxesOf(group)) if (!box.disabled) box.checked = event.target.checked;
    }
    showGroup(group);
  }
  if (event.target.form) showDependent(event.target.form);
});

export function startForms(within) {
  for (const zone of within.querySelectorAll("[data-zone]")) zone.value = new Date().getTimezoneOffset(); // times are typed in the person's zone
  for (const box of within.querySelectorAll("[data-group-box]")) showGroup(box.closest("[data-group]"));
  for (const form of within.querySelectorAll("form")) showDependent(form);
}
