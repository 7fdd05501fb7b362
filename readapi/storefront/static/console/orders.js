/* Orders: the newest, and one by its id. */

import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { notice } from "../lib/states.js";
import { ORDER_COLUMNS } from "./orderlinks.js";
import { paged } from "./table.js";

/** By its whole id, or by the last letters of one that is listed. */
function search(console_, listed) {
  const said = h("div", { class: "said", role: "alert" });
  const find = form(
    async ({ order }) => {
      const word = order.trim();
      const ends = listed.map(({ orderId }) => orderId).filter((id) => id.toLowerCase().endsWith(word.toLowerCase()));
      const [found] = ends.length === 1 ? ends : word.startsWith("ord_") ? [word] : [];
      if (found !== undefined) return console_.router().go(`/console/orders/${encodeURIComponent(found)}`);
      put(said, unclear(word, ends.length));
    },
    field("Order id", "order", { required: true, placeholder: "ord_…", spellcheck: "false" }),
    h("button", { class: "button", type: "submit" }, "Show"),
  );
  find.classList.add("find");
  return [find, said];
}

function unclear(word, count) {
  return notice(
    "warn",
    count === 0 ? `None of the orders below ends with “${word}”` : `${count} orders end with “${word}”`,
    h("p", {}, "Enter the whole id, which begins with ord_, or more of its last letters."),
  );
}

export async function orders(_, console_) {
  const listed = [];
  const [find, said] = search(console_, listed);
  return {
    title: "Orders",
    content: [
      h("div", { class: "panel-head" }, h("h1", {}, "Orders"), find),
      said,
      await paged(
        console_.api,
        "/api/admin/orders",
        { limit: 50 },
        "Orders, newest first",
        ORDER_COLUMNS,
        "No orders among the newest events.",
        listed,
      ),
    ],
  };
}
