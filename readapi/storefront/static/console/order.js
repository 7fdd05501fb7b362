/* One order with everything that happened to it, as it happens. */

import { h, put } from "../lib/dom.js";
import { moment, money, short } from "../lib/format.js";
import { live } from "../lib/live.js";
import { status } from "../lib/status.js";
import { Timeline } from "../lib/timeline.js";
import { facts, table } from "./table.js";

const LINES = [
  ["SKU", (line) => h("a", { href: `/product/${line.productId}` }, line.sku)],
  ["Title", (line) => line.title, "long"],
  ["Shop", (line) => short(line.shopId)],
  ["Units", (line) => line.quantity, "number"],
  ["Price", (line) => money(line.unitPrice), "number"],
  ["Tax", (line) => money(line.tax), "number"],
  ["Total", (line) => money(line.total), "number"],
];

function known(order) {
  const { totals } = order;
  return facts([
    ["Order", h("code", {}, order.orderId)],
    ["Status", status(order.status)],
    ["Checkout", [order.checkout.state, order.checkout.reason].filter(Boolean).join(", ")],
    ["Payment", [order.payment.status.replaceAll("_", " "), " ", h("code", {}, order.payment.paymentId)]],
    ["Placed", moment(order.createdAt)],
    [
      "Total",
      `${money(totals.grand)} (items ${money(totals.items)}, delivery ${money(totals.shipping)}, tax ${money(totals.tax)})`,
    ],
    ["Version", order.version],
    order.refunds.length > 0
      ? ["Refunds", order.refunds.map((one) => `${money(one.amount)} ${one.status.toLowerCase()}`).join(", ")]
      : null,
    order.shipments.length > 0
      ? [
          "Parcels",
          order.shipments
            .map((one) => [one.status.toLowerCase(), one.carrier, one.tracking].filter(Boolean).join(" "))
            .join(", "),
        ]
      : null,
    order.disputes.length > 0 ? ["Disputes", order.disputes.map((one) => one.status).join(", ")] : null,
  ]);
}

export async function order({ parameters: [orderId] }, { api }) {
  const path = `/api/orders/${encodeURIComponent(orderId)}`;
  const timeline = new Timeline(true);
  const shown = h("div", {});

  async function refresh() {
    const { body } = await api.get(`${path}/timeline`);
    if (timeline.fresh(body.items).length === 0) return false;
    const { body: now } = await api.get(path); // before they are known, or nobody would ask again if this fails
    timeline.show(body.items);
    put(shown, known(now), h("h2", {}, "Lines"), table("Lines", LINES, now.lines, ""));
    return true;
  }

  await refresh();
  return {
    title: `Order ${short(orderId)}`,
    content: [
      h("p", { class: "crumb" }, h("a", { href: "/console/orders" }, "Orders")),
      h("h1", {}, `Order ${short(orderId)}`),
      shown,
      h("p", {}, h("a", { href: `/console/history?stream=${encodeURIComponent(orderId)}` }, "As it was")),
      h("section", {}, h("h2", {}, "Timeline"), timeline.list),
    ],
    leave: live(refresh),
  };
}
