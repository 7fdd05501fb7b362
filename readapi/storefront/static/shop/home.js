/* The front page: where to begin. */

import { h } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { cards } from "./card.js";
import { glyph } from "./picture.js";

const SHOWN = 10;

function tile(category) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "tile", href: `/search?${new URLSearchParams({ category: category.path })}` },
      glyph(category.name, 30),
      h("span", { class: "title" }, category.name),
      h("span", { class: "quiet" }, number(category.count)),
    ),
  );
}

function shelf(title, items, more) {
  const link = more ? h("a", { href: more }, "See all") : null;
  return items.length > 0
    ? h("section", {}, h("div", { class: "section-head" }, h("h2", {}, title), link), cards(items))
    : null;
}

export async function home(_, { api }) {
  const pleasing = api.session.signedIn ? api.get("/api/feed", { limit: SHOWN }).catch(() => null) : null;
  const [tree, fresh, feed] = await Promise.all([
    api.get("/api/categories"),
    api.get("/api/products", { inStock: true, sort: "newest", limit: SHOWN }),
    pleasing,
  ]);
  const known = tree.body.items.reduce((sum, one) => sum + one.count, 0);
  return {
    title: api.name,
    content: [
      h(
        "section",
        { class: "hero" },
        h(
          "div",
          {},
          h("h1", {}, "What are you looking for?"),
          h("p", {}, `${number(known)} products from many sellers. Compare offers, pay once, follow every parcel.`),
        ),
        h(
          "p",
          { class: "chips" },
          ["laptop", "usb-c cable", "monitor", "headphones", "toner"].map((q) =>
            h("a", { class: "chip", href: `/search?${new URLSearchParams({ q })}` }, q),
          ),
        ),
      ),
      h(
        "section",
        {},
        h("div", { class: "section-head" }, h("h2", {}, "Categories")),
        h("ul", { class: "tiles", role: "list" }, tree.body.items.map(tile)),
      ),
      shelf("For you", feed?.body.items ?? [], null),
      shelf("Just in", fresh.body.items, "/search?inStock=true&sort=newest"),
    ],
  };
}
