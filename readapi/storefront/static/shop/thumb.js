/* A small picture of a product that is known by its id only. Each is asked for once. */

import { h } from "../lib/dom.js";
import { picture } from "./picture.js";

const known = new Map();
const UNKNOWN = { productId: "", category: ["Other"], brand: null, image: null };

export function thumb(api, productId) {
  const frame = h("span", { class: "thumb" });
  if (!known.has(productId)) {
    known.set(
      productId,
      api.get(`/api/products/${productId}`).then(
        ({ body }) => body,
        () => UNKNOWN,
      ),
    );
  }
  known.get(productId).then((product) => frame.append(picture(product, { labelled: false })));
  return frame;
}
