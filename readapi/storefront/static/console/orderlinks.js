/* An order in a table: its last letters, and the way to it. */

import { h } from "../lib/dom.js";
import { money, short } from "../lib/format.js";
import { status } from "../lib/status.js";
import { when } from "./times.js";

export function orderLink(orderId) {
  return orderId ? h("a", { href: `/console/orders/${orderId}`, title: orderId }, short(orderId)) : "";
}

const payment = (order) => order.payment.status.replaceAll("_", " ");

export const ORDER_COLUMNS = [
  ["Order", (order) => orderLink(order.orderId)],
  [
    "Status",
    (order) => [
      status(order.status),
      order.checkout.reason ? h("span", { class: "quiet" }, ` ${order.checkout.reason.replaceAll("_", " ")}`) : null,
    ],
  ],
  ["Payment", payment],
  ["First line", (order) => order.title, "long"],
  ["Units", (order) => order.units, "number"],
  ["To", (order) => order.country],
  ["Total", (order) => money(order.total), "number"],
  ["Placed", (order) => when(order.createdAt)],
];
