/* Tables that scroll sideways where they must, facts, bars, and lists that grow page by page. */

import { h, put } from "../lib/dom.js";
import { refused } from "../lib/states.js";

/** `columns` are pairs of a heading and what makes a cell of an item; a third member is the cell's class. */
export function table(label, columns, items, none) {
  if (items.length === 0) return h("p", { class: "none" }, none);
  const body = items.map((item) =>
    h(
      "tr",
      {},
      columns.map(([, cell, kind], at) =>
        h(at === 0 ? "th" : "td", { scope: at === 0 ? "row" : null, class: kind }, cell(item)),
      ),
    ),
  );
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": label, tabindex: "0" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map(([title, , kind]) => h("th", { scope: "col", class: kind }, title)),
        ),
      ),
      h("tbody", {}, body),
    ),
  );
}

/** `done` is a share of 1. */
export function bar(label, done) {
  const percent = done === 1 ? "100 %" : `${(done * 100).toFixed(1)} %`;
  return h("div", { class: "bar" }, h("progress", { value: done, max: 1, "aria-label": label }), h("span", {}, percent));
}

/** Pairs of a name and a value; null in place of one leaves it out. */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/** The first page of `path`, and a button for those that follow. */
export async function paged(api, path, parameters, label, columns, none) {
  const items = [];
  const shown = h("div", {});
  const more = h("p", { class: "actions" });

  async function next(cursor) {
    const { body } = await api.get(path, cursor ? { ...parameters, cursor } : parameters);
    items.push(...body.items);
    put(shown, table(label, columns, items, none));
    const further = () => next(body.next).catch((problem) => put(more, refused(problem)));
    put(more, body.next ? h("button", { class: "button quiet", type: "button", onclick: further }, "Show more") : null);
  }

  await next(null);
  return h("div", {}, shown, more);
}

/** Links to the same panel with another value of one parameter. */
export function tabs(label, name, current, choices) {
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    choices.map(([value, text]) =>
      h("a", { href: `?${name}=${value}`, "aria-current": value === current ? "page" : null }, text),
    ),
  );
}
