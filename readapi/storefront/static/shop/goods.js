/* What an order, a cart or a list knows by ids only: products and shops. Each is asked for once. */

import { h, put } from "../lib/dom.js";
import { nameText, valueText } from "./attributes.js";

const asked = new Map();

function once(api, path) {
  if (!asked.has(path)) {
    const answer = api.get(path).then(
      ({ body }) => body,
      () => {
        asked.delete(path); // another page may have more luck
        return null;
      },
    );
    asked.set(path, answer);
  }
  return asked.get(path);
}

/** Null for what nobody tells of any more. */
export const productOf = (api, productId) => once(api, `/api/products/${encodeURIComponent(productId)}`);
export const shopOf = (api, shopId) => once(api, `/api/shops/${encodeURIComponent(shopId)}`);

export const addressOf = ({ productId, sku }) => `/product/${productId}?${new URLSearchParams({ sku })}`;

/** Which of its family it is: "Color: red, Size: L". */
function variant(product, sku) {
  const found = product?.variants.find((one) => one.sku === sku);
  if (!found) return "";
  return product.axes
    .map(({ name }) => `${nameText(name, product.labels)}: ${valueText(found.attributes[name])}`)
    .join(", ");
}

/** Which of a family a line is, and whose; filled in as soon as that is known. A line without `shopId` is nobody's yet. */
export function which(api, { productId, sku, shopId = null }) {
  const said = h("p", { class: "quiet which" });
  const seller = shopId === null ? null : shopOf(api, shopId);
  Promise.all([productOf(api, productId), seller]).then(([product, shop]) => {
    put(said, [variant(product, sku), shop && `from ${shop.name}`].filter(Boolean).join(", "));
  });
  return said;
}
