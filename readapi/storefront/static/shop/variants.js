/* A family: its axes, along which one of the siblings is chosen. */

import { h } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { nameText, valueText } from "./attributes.js";
import { stock } from "./card.js";

const same = (one, other) => valueText(one) === valueText(other);

/** The sibling that has this value on this axis, and of the other axes as many as possible in common with `current`. */
function sibling(product, current, axis, value) {
  const shared = (one) =>
    product.axes.filter(({ name }) => name !== axis && same(one.attributes[name], current.attributes[name])).length;
  return product.variants
    .filter((one) => same(one.attributes[axis], value))
    .reduce((best, one) => (best === null || shared(one) > shared(best) ? one : best), null);
}

function option(product, current, axis, value, choose) {
  const variant = sibling(product, current, axis, value);
  const on = same(current.attributes[axis], value);
  return h(
    "label",
    { class: "variant" },
    h("input", { type: "radio", name: `axis-${axis}`, checked: on, onchange: () => choose(variant, axis) }),
    h(
      "span",
      {},
      h("strong", {}, valueText(value)),
      h("span", { class: "quiet" }, variant.price ? money(variant.price) : "No offer"),
      variant.price ? stock(variant) : null,
    ),
  );
}

/** One group for each axis; `choose` is told which sibling, and by which axis. */
export function axes(product, current, choose) {
  return product.axes.map(({ name, values }) =>
    h(
      "fieldset",
      { class: "axis" },
      h("legend", {}, nameText(name, product.labels)),
      h(
        "div",
        { class: "variants" },
        values.map((value) => option(product, current, name, value, choose)),
      ),
    ),
  );
}

/** The offers of this sibling; of a product without axes all, since nobody could choose among the others. */
export function offersOf(product, variant) {
  return product.axes.length > 0 ? product.offers.filter(({ sku }) => sku === variant.sku) : product.offers;
}

/** What a sibling is called within its family. */
export function variantText(product, variant) {
  return product.axes.map(({ name }) => valueText(variant.attributes[name])).join(", ");
}

/** The sibling of this SKU; else the one that the best offer sells, or the first. */
export function variantOf(product, sku) {
  const find = (wanted) => product.variants.find((one) => one.sku === wanted);
  return find(sku) ?? find(product.bestOffer?.sku) ?? product.variants[0];
}
