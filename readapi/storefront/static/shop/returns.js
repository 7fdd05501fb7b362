/* Sending back what has come: what was asked for so far, and a form for what is left, for each seller its own. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { field, form, select } from "../lib/form.js";
import { day } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { status } from "../lib/status.js";
import { shopOf, which } from "./goods.js";

/** Units by line that have come and are in no return. How long they can be sent back, the API says when asked. */
function left(order) {
  const units = new Map();
  const count = (lines, sign) => {
    for (const { lineId, quantity } of lines) units.set(lineId, (units.get(lineId) ?? 0) + sign * quantity);
  };
  for (const one of order.delivered) count(one.lines, 1);
  for (const one of order.returns) {
    if (one.status !== "REJECTED") count(one.status === "RECEIVED" ? one.received : one.lines, -1);
  }
  return units;
}

function line(api, one, most, alone) {
  const numbers = Array.from({ length: most + 1 }, (_, at) => [String(at), at === 0 ? "None" : String(at)]);
  const quantity = select(`How many of ${one.title}`, one.lineId, numbers, alone ? "1" : "0");
  return [quantity, which(api, { ...one, shopId: null })];
}

function shopForm(api, order, lines, units, done) {
  const attempt = new Attempt(api);
  const said = h("div", { class: "said", role: "alert" });
  async function send({ reason, ...chosen }) {
    put(said);
    const going = Object.entries(chosen).map(([lineId, quantity]) => ({ lineId, quantity: Number(quantity), reason }));
    const some = going.filter(({ quantity }) => quantity > 0);
    if (some.length === 0) {
      put(said, notice("warn", "Choose how many go back"));
      return;
    }
    await attempt.send("POST", `/api/orders/${order.orderId}/returns`, { lines: some });
    announce("The seller is asked whether you may send it back");
    await done();
  }
  const to = h("span", {});
  shopOf(api, lines[0].shopId).then((shop) => shop && put(to, ` to ${shop.name}`));
  return h(
    "details",
    { class: "writing" },
    h("summary", {}, "Send something back", to),
    form(
      send,
      lines.map((one) => line(api, one, units.get(one.lineId), lines.length === 1)),
      field("Why", "reason", { maxlength: 200 }),
      h("button", { class: "button quiet", type: "submit" }, "Ask to send it back"),
    ),
    said,
  );
}

function how({ status, label, refusal }) {
  if (status === "REJECTED") return refusal ? `The seller says: ${refusal}` : null;
  if (status !== "APPROVED") return null;
  return label
    ? `Send it with ${[label.carrier, label.tracking].filter(Boolean).join(", ")}`
    : "Send it with a carrier of your choice";
}

function asked(order, one) {
  const titles = new Map(order.lines.map(({ lineId, title }) => [lineId, title]));
  const what = one.lines.map(({ lineId, quantity }) => `${quantity} × ${titles.get(lineId)}`).join(", ");
  const told = [day(one.createdAt), how(one)].filter(Boolean).join(". ");
  return h(
    "li",
    {},
    h("div", { class: "named" }, what, h("p", { class: "quiet" }, told)),
    h("div", {}, status(one.status)),
  );
}

/** What the part below shows of an order. */
export function returnable({ orderId, status, lines, shipments, returns }) {
  const delivered = shipments.filter((one) => one.status === "DELIVERED");
  return { orderId, refunded: status === "REFUNDED", lines, delivered, returns };
}

/** `done` is called when another was asked for. */
export function returns(api, order, done) {
  const units = left(order);
  const open = order.refunded ? [] : order.lines.filter(({ lineId }) => units.get(lineId) > 0);
  const shops = [...new Set(open.map(({ shopId }) => shopId))];
  const of = (shopId) => open.filter((one) => one.shopId === shopId);
  if (shops.length === 0 && order.returns.length === 0) return null;
  const list = order.returns.map((one) => asked(order, one));
  return h(
    "section",
    {},
    h("h2", {}, "Returns"),
    list.length > 0 ? h("ul", { class: "brief", role: "list" }, list) : null,
    shops.map((shopId) => shopForm(api, order, of(shopId), units, done)),
  );
}
