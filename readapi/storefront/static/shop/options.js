/* Choices of which one holds, each with its radio. */

import { h } from "../lib/dom.js";

/** One of a list; its id is that of its value, so that the focus finds it when the list is drawn anew. */
export function option(name, value, chosen, onchange, ...words) {
  const id = `${name}-${value}`;
  return h(
    "li",
    {},
    h(
      "label",
      { class: "option" },
      h("input", { type: "radio", id, name, value, checked: value === chosen, onchange }),
      h("span", {}, words),
    ),
  );
}

export function options(...items) {
  return h("ul", { class: "options", role: "list" }, items);
}
