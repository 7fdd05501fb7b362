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
  const fromSku = query.get("from") ?? "";
  const [{ body: shop }, rows] = await Promise.all([
    api.get(`/api/shops/${encodeURIComponent(shopId)}`),
    paged(
      api,
      `/api/shops/${encodeURIComponent(shopId)}/inventory`,
      { limit: 50, ...(fromSku && { fromSku }) },
      "Stock by SKU",
      COLUMNS,
      fromSku ? `No SKU comes after ${fromSku}.` : "This shop keeps no stock.",
    ),
  ]);
  const options = shops.items.map((one) =>
    h("option", { value: one.shopId, selected: one.shopId === shopId }, one.name),
  );
  const show = (parameters) =>
    console_.router().go(`/console/stock?${new URLSearchParams(parameters)}`, { focus: false });
  const choose = (event) => show({ shop: event.target.value });
  const begin = (event) => {
    event.preventDefault();
    const from = event.target.elements.from.value.trim();
    show({ shop: shopId, ...(from && { from }) });
  };
  return {
    title: "Stock",
    content: [
      h(
        "div",
        { class: "panel-head" },
        heading,
        h("label", { class: "choose" }, h("span", {}, "Shop"), h("select", { onchange: choose }, options)),
        h(
          "form",
          { class: "choose", role: "search", onsubmit: begin },
          h("label", { for: "from-sku" }, "From SKU"),
          h("input", {
            id: "from-sku",
            name: "from",
            type: "search",
            value: fromSku,
            pattern: "[!-~]([ -~]{0,98}[!-~])?",
            title: "A SKU, or how it begins: up to 100 letters, digits and signs of ASCII",
          }),
          h("button", { class: "button quiet" }, "Show"),
        ),
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
