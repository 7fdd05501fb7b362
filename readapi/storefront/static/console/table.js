/* Tables that scroll sideways where they must, facts, bars, and lists that grow page by page. */

import { h, put } from "../lib/dom.js";
import { refused } from "../lib/states.js";

const LOOKED_MAX = 10;

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

/** The next page that holds something: some lists have empty ones in between and at their end, so far back at once. */
async function filled(api, path, parameters, cursor) {
  let following = cursor;
  for (let looked = 0; following && looked < LOOKED_MAX; looked += 1) {
    const { body } = await api.get(path, { ...parameters, cursor: following });
    if (body.items.length > 0) return body;
    following = body.next;
  }
  return { items: [], next: following };
}

/** The first page of `path`, and a button once it is known that more follows. What is shown is put into `items`. */
export async function paged(api, path, parameters, label, columns, none, items = []) {
  const shown = h("div", {});
  const more = h("p", { class: "actions" });

  async function show(page) {
    items.push(...page.items);
    put(shown, table(label, columns, items, none));
    const next = await filled(api, path, parameters, page.next);
    const further = () => told(show(next));
    const button = (words) => h("button", { class: "button quiet", type: "button", onclick: further }, words);
    if (next.items.length > 0) put(more, button("Show more"));
    else put(more, next.next ? button("Look further back") : null);
  }

  const told = (showing) =>
    showing.catch((problem) => {
      if (problem.title === undefined) throw problem;
      put(more, refused(problem));
    });

  const { body } = await api.get(path, parameters);
  told(show(body)); // and is not waited for: what follows is looked for while the first page is read
  return h("div", {}, shown, more);
}

/** Links to the same panel with another value of one parameter, and with those that stay. */
export function tabs(label, name, current, choices, kept = {}) {
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    choices.map(([value, text]) =>
      h(
        "a",
        {
          href: `?${new URLSearchParams({ ...kept, [name]: value })}`,
          "aria-current": value === current ? "page" : null,
        },
        text,
      ),
    ),
  );
}
