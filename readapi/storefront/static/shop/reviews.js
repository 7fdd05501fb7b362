/* What buyers say of a product, the newest first, a few at a time. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { day, plural } from "../lib/format.js";
import { refused } from "../lib/states.js";
import { stars } from "./stars.js";

const PAGE = 5;

export function askReviews(api, path, cursor = null) {
  return api.get(`${path}/reviews`, { limit: PAGE, ...(cursor ? { cursor } : {}) }).then(({ body }) => body);
}

function review({ rating, title, text, updatedAt }) {
  return h(
    "li",
    {},
    h("p", {}, stars({ average: rating }), title ? [" ", h("strong", {}, title)] : null),
    text ? text.split(/\n+/).map((part) => h("p", {}, part)) : null,
    h("p", { class: "quiet" }, day(updatedAt)),
  );
}

/** `first` is the page to begin with; `ask` gets others by their cursors. */
export function reviews(first, ask) {
  if (first.items.length === 0) return null;
  const list = h("ul", { class: "reviews", role: "list" });
  const more = h("p", { class: "actions" });

  function show({ items, next }) {
    const before = list.children.length;
    list.append(...items.map(review));
    const on = () => follow(next).catch((problem) => put(more, refused(problem, on)));
    put(more, next ? h("button", { class: "button quiet", type: "button", onclick: on }, "Show more reviews") : null);
    return list.children[before];
  }

  /** The focus goes on to the first that came. */
  async function follow(cursor) {
    const page = await ask(cursor);
    const came = show(page);
    came?.setAttribute("tabindex", "-1");
    came?.focus();
    announce(`${plural(page.items.length, "review")} more`);
  }

  show(first);
  return h("section", {}, h("h2", {}, "What buyers say"), list, more);
}
