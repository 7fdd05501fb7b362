/* An order's events, newest first. New ones are put on top, and told. */

import { announce } from "./announce.js";
import { h } from "./dom.js";
import { second, worded } from "./format.js";

const GOOD = new Set(["order.confirmed", "order.paid", "order.shipment_delivered", "payment.captured"]);
const BAD = new Set([
  "order.cancelled",
  "payment.capture_refused",
  "payment.declined",
  "payment.dispute_lost",
  "payment.refund_refused",
]);

function entry(item, detailed) {
  const kind = GOOD.has(item.type) ? "good" : BAD.has(item.type) ? "bad" : "";
  return h(
    "li",
    { class: kind },
    h("span", { class: "text" }, worded(item.text)),
    h("time", { datetime: item.at, class: "quiet" }, second(item.at)),
    detailed
      ? h(
          "details",
          {},
          h(
            "summary",
            {},
            h("code", {}, item.type),
            h("span", { class: "quiet" }, ` by ${item.actor}, position ${item.position}`),
          ),
          h("pre", { tabindex: "0" }, JSON.stringify(item.data, null, 2)),
        )
      : null,
  );
}

export class Timeline {
  constructor(detailed = false) {
    this.detailed = detailed;
    this.known = new Set();
    this.list = h("ol", { class: "timeline", reversed: true, role: "list" });
  }

  /** Those that are not shown yet. */
  fresh(items) {
    return items.filter((item) => !this.known.has(item.eventId));
  }

  show(items) {
    const fresh = this.fresh(items);
    const first = this.known.size === 0;
    for (const item of fresh) {
      this.known.add(item.eventId);
      const shown = entry(item, this.detailed);
      if (!first) shown.classList.add("new");
      this.list.prepend(shown);
    }
    if (!first && fresh.length > 0) announce(fresh.map((item) => worded(item.text)).join(". "));
  }
}
