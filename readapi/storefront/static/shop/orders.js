/* The history of one's orders. */

import { h, put } from "../lib/dom.js";
import { day, money, plural } from "../lib/format.js";
import { empty, refused } from "../lib/states.js";
import { status } from "../lib/status.js";
import { own } from "./visitors.js";

function row(order) {
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  const title = order.lines[0].title + (order.lines.length > 1 ? ` and ${order.lines.length - 1} more` : "");
  return h(
    "li",
    {},
    h(
      "a",
      { class: "order-row", href: `/orders/${order.orderId}` },
      h("span", { class: "title" }, title),
      h("span", { class: "quiet" }, `${day(order.createdAt)}, ${plural(units, "item")}`),
      status(order.status),
      h("strong", {}, money(order.totals.grand)),
    ),
  );
}

const WHY = "What you buy shows here, with every step of its way.";

export const ordersPage = own("Your orders", WHY, async (_, shop) => {
  const list = h("ul", { class: "order-rows", role: "list" });
  const more = h("p", { class: "actions" });

  async function page(cursor) {
    const { body } = await shop.api.get("/api/orders", cursor ? { cursor } : null);
    list.append(...body.items.map(row));
    put(
      more,
      body.next
        ? h(
            "button",
            {
              class: "button quiet",
              type: "button",
              onclick: () => page(body.next).catch((problem) => put(more, refused(problem))),
            },
            "Earlier orders",
          )
        : null,
    );
    return body.items.length;
  }

  const heading = h("h1", {}, "Your orders");
  if ((await page(null)) > 0) return { title: "Your orders", content: [heading, list, more] };
  return {
    title: "Your orders",
    content: [
      heading,
      empty(
        "box",
        "No orders yet",
        WHY,
        h("a", { class: "button", href: "/search" }, "Look around"),
      ),
    ],
  };
});
