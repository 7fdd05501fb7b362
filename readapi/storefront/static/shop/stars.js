/* A rating as stars and in words. */

import { h } from "../lib/dom.js";
import { plural } from "../lib/format.js";

/** Of many, whose `count` is told, or one's own. */
export function stars({ average, count = null }, word = "review") {
  const full = Math.round(average);
  return h(
    "span",
    { class: "stars" },
    h("span", { "aria-hidden": "true" }, "★".repeat(full), h("span", { class: "faint" }, "★".repeat(5 - full))),
    h("span", { class: "unseen" }, `${average} of 5 stars${count === null ? "" : ", "}`),
    count === null ? null : h("span", { class: "quiet" }, ` ${plural(count, word)}`),
  );
}
