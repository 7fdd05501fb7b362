/* The pictures of a product: one large, and the others to be chosen from below it. */

import { h } from "../lib/dom.js";
import { picture } from "./picture.js";

/** What a picture shows; of one that nobody described, whose it is. */
function described(one, product) {
  return one.alt || product.title;
}

/** The product as one of its pictures shows it. */
function seen(product, { url = null, renditions = [], width = null, height = null } = {}) {
  return { ...product, image: url, renditions, width, height };
}

function large(product, one) {
  return picture(seen(product, one), { alt: one ? described(one, product) : "", eager: true, slot: "stage" });
}

export function gallery(product) {
  const { pictures } = product;
  const stage = h("div", { class: "stage" }, large(product, pictures[0]));
  if (pictures.length < 2) return h("div", { class: "gallery" }, stage);

  function show(chosen) {
    stage.replaceChildren(large(product, pictures[chosen]));
    buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at === chosen)));
  }

  const buttons = pictures.map((one, at) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(at === 0),
        "aria-label": `Picture ${at + 1} of ${pictures.length}${one.alt ? `: ${one.alt}` : ""}`,
        onclick: () => show(at),
      },
      picture(seen(product, one), { labelled: false, slot: "small" }),
    ),
  );
  return h(
    "div",
    { class: "gallery" },
    stage,
    h(
      "ul",
      { role: "list", "aria-label": "Pictures" },
      buttons.map((button) => h("li", {}, button)),
    ),
  );
}
