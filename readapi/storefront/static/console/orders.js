/* Orders: the newest, and one by its id. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { ORDER_COLUMNS } from "./orderlinks.js";
import { paged } from "./table.js";

export async function orders(_, console_) {
  const find = form(
    async ({ order }) => console_.router().go(`/console/orders/${encodeURIComponent(order.trim())}`),
    field("Order id", "order", { required: true, placeholder: "ord_…", spellcheck: "false" }),
    h("button", { class: "button", type: "submit" }, "Show"),
  );
  find.classList.add("find");
  return {
    title: "Orders",
    content: [
      h("div", { class: "panel-head" }, h("h1", {}, "Orders"), find),
      await paged(
        console_.api,
        "/api/admin/orders",
        { limit: 50 },
        "Orders, newest first",
        ORDER_COLUMNS,
        "No orders among the newest events.",
      ),
    ],
  };
}
