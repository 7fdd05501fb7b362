/* Labelled fields, and the problems of an answer beside the fields that they are about. */

import { fresh, h, put } from "./dom.js";
import { refused } from "./states.js";

/** `attributes` of the input; `name` is the member of the body that it becomes. */
export function field(label, name, { hint = null, ...attributes } = {}) {
  const id = fresh(name);
  const described = `${id}-note`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, attributes.required ? null : h("span", { class: "quiet" }, " (optional)")),
    h("input", { id, name, "aria-describedby": described, autocomplete: "off", ...attributes }),
    h("p", { class: "note", id: described }, hint),
  );
}

export function select(label, name, options, chosen) {
  const id = fresh(name);
  const choices = options.map(([value, text]) => h("option", { value, selected: value === chosen }, text));
  return h("div", { class: "field" }, h("label", { for: id }, label), h("select", { id, name }, choices));
}

/** A form that sends once at a time. `send` gets what was entered, without what was left empty. */
export function form(send, ...children) {
  const said = h("div", { class: "said" });
  const made = h("form", { novalidate: true, onsubmit: (event) => submit(event, made, said, send) }, children, said);
  return made;
}

async function submit(event, made, said, send) {
  event.preventDefault();
  if (made.getAttribute("aria-busy") === "true") return;
  put(said);
  for (const input of made.querySelectorAll("[aria-invalid]")) clear(input);
  const missing = [...made.elements].filter((input) => input.willValidate && !input.checkValidity());
  for (const input of missing) mark(input, input.validationMessage);
  if (missing.length > 0) {
    missing[0].focus();
    return;
  }
  made.setAttribute("aria-busy", "true");
  try {
    await send(Object.fromEntries([...new FormData(made)].filter(([, value]) => value !== "")));
  } catch (problem) {
    if (problem.title === undefined) throw problem;
    beside(made, said, problem);
  } finally {
    made.removeAttribute("aria-busy");
  }
}

function beside(made, said, problem) {
  let first = null;
  for (const error of problem.errors) {
    const input = made.elements.namedItem((error.pointer ?? "").split("/").pop());
    if (!input) continue;
    mark(input, error.detail);
    first ??= input;
  }
  put(said, refused(problem));
  first?.focus();
}

function mark(input, text) {
  input.setAttribute("aria-invalid", "true");
  const note = document.getElementById(input.getAttribute("aria-describedby"));
  if (!note) return;
  input.dataset.hint ??= note.textContent;
  note.textContent = text;
}

function clear(input) {
  input.removeAttribute("aria-invalid");
  const note = document.getElementById(input.getAttribute("aria-describedby"));
  if (note) note.textContent = input.dataset.hint ?? "";
}
