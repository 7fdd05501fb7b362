/* What each shop has, has promised and can still sell. */

import { h } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { paged } from "./table.js";

const LOW = 5;

function level({ available }) {
  const kind = available <= 0 ? "bad" : available <= LOW ? "warn" : "good";
  return h("span", { class: `status ${kind}` }, number(available));
}

const COLUMNS = [
  ["SKU", (row) => row.sku],
  ["Available", level, "number"],
  ["On hand", (row) => number(row.onHand), "number"],
  ["Held", (row) => number(row.held), "number"],
  ["Committed", (row) => number(row.committed), "number"],
  ["Version", (row) => row.version, "number"],
];

export async function stock({ query }, console_) {
  const { api } = console_;
  const { body: shops } = await api.get("/api/admin/shops");
  const heading = h("h1", {}, "Stock");
  if (shops.items.length === 0)
    return { title: "Stock", content: [heading, h("p", { class: "none" }, "There are no shops yet.")] };
  const shopId = query.get("shop") ?? shops.items[0].shopId;
  const [{ body: shop }, rows] = await Promise.all([
    api.get(`/api/shops/${encodeURIComponent(shopId)}`),
    paged(
      api,
      `/api/shops/${encodeURIComponent(shopId)}/inventory`,
      { limit: 50 },
      "Stock by SKU",
      COLUMNS,
      "This shop keeps no stock.",
    ),
  ]);
  const options = shops.items.map((one) =>
    h("option", { value: one.shopId, selected: one.shopId === shopId }, one.name),
  );
  const choose = (event) => console_.router().go(`/console/stock?shop=${event.target.value}`, { focus: false });
  return {
    title: "Stock",
    content: [
      h(
        "div",
        { class: "panel-head" },
        heading,
        h("label", { class: "choose" }, h("span", {}, "Shop"), h("select", { onchange: choose }, options)),
      ),
      h(
        "p",
        { class: "quiet" },
        `${shop.name}: ${plural(shop.offers, "offer")}, stock of ${plural(shop.stockItems, "SKU")}. Held units are in carts and checkouts until they expire; committed ones are sold and not yet sent.`,
      ),
      rows,
    ],
  };
}
