/* A small picture of a product that is known by its id only. */

import { h } from "../lib/dom.js";
import { productOf } from "./goods.js";
import { picture } from "./picture.js";

const UNKNOWN = { productId: "", category: ["Other"], brand: null, image: null };

export function thumb(api, productId) {
  const frame = h("span", { class: "thumb" });
  productOf(api, productId).then((product) =>
    frame.append(picture(product ?? UNKNOWN, { labelled: false, slot: "small" })),
  );
  return frame;
}
