/* One order with everything that happened to it, as it happens. */

import { h, put } from "../lib/dom.js";
import { moment, money, plural, short } from "../lib/format.js";
import { live } from "../lib/live.js";
import { status } from "../lib/status.js";
import { Timeline } from "../lib/timeline.js";
import { shopNames } from "./shopnames.js";
import { facts, table } from "./table.js";

const lines = (shopName) => [
  ["SKU", (line) => h("a", { href: `/product/${line.productId}` }, line.sku)],
  ["Title", (line) => line.title, "long"],
  ["Shop", (line) => shopName(line.shopId)],
  ["Units", (line) => line.quantity, "number"],
  ["Price", (line) => money(line.unitPrice), "number"],
  ["Tax", (line) => money(line.tax), "number"],
  ["Total", (line) => money(line.total), "number"],
];

function sum({ items, discount, shipping, tax, grand }) {
  const less = discount.amount ? `, discount −${money(discount)}` : "";
  return `${money(grand)} (items ${money(items)}${less}, delivery ${money(shipping)}, tax ${money(tax)})`;
}

/** A list in words; null where there is none. */
function listed(name, items, words) {
  return items.length > 0 ? [name, items.map((one) => h("span", { class: "one" }, words(one)))] : null;
}

function refund({ amount, status: stands }) {
  return `${money(amount)} ${stands.toLowerCase()}`;
}

function parcel(one) {
  return [one.status.toLowerCase(), one.carrier, one.tracking].filter(Boolean).join(" ");
}

function sentBack({ status: stands, lines, refusal, label }) {
  const units = lines.reduce((total, line) => total + line.quantity, 0);
  const way = label ? [label.carrier, label.tracking].filter(Boolean).join(" ") : null;
  return `${stands.toLowerCase()}: ${[plural(units, "unit"), way, refusal].filter(Boolean).join(", ")}`;
}

function known(order) {
  return facts([
    ["Order", h("code", {}, order.orderId)],
    ["Status", status(order.status)],
    ["Checkout", [order.checkout.state, order.checkout.reason].filter(Boolean).join(", ").toLowerCase().replaceAll("_", " ")],
    ["Payment", [order.payment.status.replaceAll("_", " "), " ", h("code", {}, order.payment.paymentId)]],
    ["Placed", moment(order.createdAt)],
    ["Total", sum(order.totals)],
    order.giftCard ? ["Gift card", `−${money(order.giftCard.amount)}`] : null,
    order.giftCard ? ["To pay", money(order.due)] : null,
    ["Version", order.version],
    listed("Parcels", order.shipments, parcel),
    listed("Returns", order.returns, sentBack),
    listed("Refunds", order.refunds, refund),
    listed("Disputes", order.disputes, (one) => one.status),
  ]);
}

export async function order({ parameters: [orderId] }, { api }) {
  const path = `/api/orders/${encodeURIComponent(orderId)}`;
  const timeline = new Timeline(true);
  const shown = h("div", {});
  const columns = lines(await shopNames(api));

  async function refresh() {
    const { body } = await api.get(`${path}/timeline`);
    if (timeline.fresh(body.items).length === 0) return false;
    const { body: now } = await api.get(path); // before they are known, or nobody would ask again if this fails
    timeline.show(body.items);
    put(shown, known(now), h("h2", {}, "Lines"), table("Lines", columns, now.lines, ""));
    return true;
  }

  await refresh();
  return {
    title: `Order ${short(orderId)}`,
    content: [
      h("p", { class: "crumb" }, h("a", { href: "/console/orders" }, "Orders")),
      h("h1", {}, `Order ${short(orderId)}`),
      shown,
      h("p", { class: "actions" }, h("a", { class: "button quiet", href: `/console/history?stream=${encodeURIComponent(orderId)}` }, "As it was")),
      h("section", {}, h("h2", {}, "Timeline"), timeline.list),
    ],
    leave: live(refresh),
  };
}
