/* A product in a list. */

import { h } from "../lib/dom.js";
import { money, plural } from "../lib/format.js";
import { picture } from "./picture.js";
import { stars } from "./stars.js";

/** Sellers' offers tell how many are left, lists do not. */
export function stock({ inStock, lowStock, available = 0 }) {
  const [kind, text] = !inStock
    ? ["gone", "Sold out"]
    : lowStock
      ? ["low", available > 0 ? `Only ${available} left` : "Only a few left"]
      : ["there", "In stock"];
  return h("span", { class: `stock ${kind}` }, text);
}

/** `shipTo`: where it is to go, if it was said. */
export function card(product, shipTo = null) {
  const named = product.brand && product.title.toLowerCase().startsWith(product.brand.toLowerCase());
  return h(
    "li",
    { class: "card" },
    h(
      "a",
      { href: `/product/${product.productId}${shipTo ? `?${new URLSearchParams({ shipTo })}` : ""}` },
      picture(product),
      named ? null : h("span", { class: "brand" }, product.brand ?? product.category.at(-1)),
      h("span", { class: "title" }, product.title),
    ),
    product.rating ? stars(product.rating) : null,
    product.offers > 1 ? h("p", { class: "quiet" }, `Best of ${plural(product.offers, "offer")}`) : null,
    h(
      "div",
      { class: "price-line" },
      h("span", { class: "price" }, product.price ? money(product.price) : "No offer"),
      stock(product),
    ),
  );
}

export function cards(items, shipTo = null) {
  return h(
    "ul",
    { class: "cards", role: "list" },
    items.map((item) => card(item, shipTo)),
  );
}
