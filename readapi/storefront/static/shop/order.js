/* One order as it stands, and its timeline, which goes on by itself. */

import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { moment, money, short } from "../lib/format.js";
import { live } from "../lib/live.js";
import { notice, refused } from "../lib/states.js";
import { progress, reason, status } from "../lib/status.js";
import { Timeline } from "../lib/timeline.js";
import { addressBlock } from "./address.js";
import { redraw } from "./focus.js";
import { addressOf, which } from "./goods.js";
import { returnable, returns } from "./returns.js";
import { reviewable, reviewForms } from "./reviewform.js";
import { rateable, sellerRatings } from "./sellerrating.js";
import { Steady } from "./steady.js";
import { thumb } from "./thumb.js";
import { totals } from "./totals.js";
import { own } from "./visitors.js";

function headline(order) {
  if (order.status === "CANCELLED") {
    const paid = order.captured.amount > 0 || order.giftCard !== null;
    const [title, text] = reason(order.checkout.reason, paid);
    const again =
      order.checkout.reason === "cancelled"
        ? null
        : h("p", {}, h("a", { class: "button", href: "/cart" }, "Back to the cart"));
    return notice("bad", title, h("p", {}, text), again);
  }
  if (order.status === "PENDING")
    return notice("info", "We are working on it", h("p", {}, "This page goes on by itself; you need not wait here."));
  if (order.status === "PAID")
    return notice("good", "Thank you, your order is paid", h("p", {}, "The sellers have been told, and pack it now."));
  return null;
}

function lines(api, order) {
  return h(
    "ul",
    { class: "line-items", role: "list" },
    order.lines.map((line) =>
      h(
        "li",
        { class: "line-item" },
        thumb(api, line.productId),
        h(
          "div",
          { class: "what" },
          h("a", { class: "title", href: addressOf(line) }, line.title),
          which(api, line),
          h("p", { class: "quiet" }, `${line.quantity} × ${money(line.unitPrice)}`),
        ),
        h("span", { class: "price" }, money({ ...line.unitPrice, amount: line.unitPrice.amount * line.quantity })),
      ),
    ),
  );
}

function parcels(order) {
  if (order.shipments.length === 0) return null;
  const words = ({ carrier, tracking }) => [carrier, tracking].filter(Boolean).join(" ");
  return h(
    "section",
    {},
    h("h2", {}, "Parcels"),
    h(
      "ul",
      { class: "brief", role: "list" },
      order.shipments.map((one) => h("li", {}, status(one.status), h("span", {}, words(one)))),
    ),
  );
}

function refunds(order) {
  if (order.refunds.length === 0) return null;
  const WORDS = { PENDING: "on its way", REFUNDED: "paid back", REFUSED: "refused by the provider; we look after it" };
  return h(
    "section",
    {},
    h("h2", {}, "Refunds"),
    h(
      "ul",
      { class: "brief", role: "list" },
      order.refunds.map((one) => h("li", {}, h("span", {}, WORDS[one.status]), h("strong", {}, money(one.amount)))),
    ),
  );
}

class Order {
  constructor(shop, orderId) {
    this.shop = shop;
    this.api = shop.api;
    this.path = `/api/orders/${encodeURIComponent(orderId)}`;
    this.timeline = new Timeline();
    this.head = h("div", {});
    this.rest = h("div", {});
    this.said = h("div", { class: "said" });
    this.sellers = new Steady((order) => sellerRatings(this.api, order, this.order.lines));
    this.returns = new Steady((order) => returns(this.api, order, () => this.refreshQuietly()));
    this.reviews = new Steady((order) => reviewForms(this.api, order, this.order.lines));
    this.cancelling = new Attempt(shop.api);
    this.refreshed = Promise.resolve();
  }

  /** Whether anything had changed. One after the other, or an older answer could be shown last. */
  refresh() {
    this.refreshed = this.refreshed.catch(() => false).then(() => this.look());
    return this.refreshed;
  }

  async look() {
    const { body: events } = await this.api.get(`${this.path}/timeline`);
    if (this.timeline.fresh(events.items).length === 0) return false;
    this.show((await this.api.get(this.path)).body); // before they are known, or nobody would ask again if this fails
    this.timeline.show(events.items);
    return true;
  }

  show(order) {
    this.order = order;
    this.shop.signals.stands(order);
    redraw(this.head, () => put(this.head, this.heading(order)));
    redraw(this.rest, () => put(this.rest, this.summary(order)));
    this.sellers.show(rateable(order));
    this.returns.show(returnable(order));
    this.reviews.show(reviewable(order));
  }

  heading(order) {
    return [
      h(
        "div",
        { class: "result-head" },
        h("div", {}, h("h1", {}, `Order ${short(order.orderId)}`), h("p", { class: "quiet" }, moment(order.createdAt))),
        status(order.status),
      ),
      headline(order),
      progress(order.status),
    ];
  }

  summary(order) {
    const free = ["PENDING", "PAID"].includes(order.status) && order.shipments.length === 0;
    const cancel = { id: "cancel", class: "button quiet", type: "button", onclick: () => this.cancel() };
    return [
      totals(order),
      order.address ? h("section", {}, h("h2", {}, "Goes to"), addressBlock(order.address)) : null,
      parcels(order),
      refunds(order),
      free ? h("button", cancel, "Cancel this order") : null,
      this.said,
    ];
  }

  async cancel() {
    if (!confirm("Cancel the whole order?")) return;
    put(this.said);
    try {
      await this.cancelling.send("POST", `${this.path}/cancel`, {});
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(this.said, refused(problem));
      return;
    }
    await this.refreshQuietly();
  }

  /** After something was done, which is so whether or not it can be shown at once: it is asked for again anyway. */
  async refreshQuietly() {
    await this.refresh().catch((problem) => {
      if (problem.title === undefined) throw problem;
    });
  }

  content() {
    return [
      this.head,
      h(
        "div",
        { class: "with-summary order" },
        h(
          "div",
          {},
          lines(this.api, this.order),
          this.returns.element,
          this.reviews.element,
          h("section", {}, h("h2", {}, "Timeline"), this.timeline.list),
        ),
        h("aside", { class: "summary", "aria-label": "Summary" }, this.rest, this.sellers.element),
      ),
    ];
  }
}

export const orderPage = own("Your order", "Orders are shown to those who placed them.", async (visit, shop) => {
  const [orderId] = visit.parameters;
  const made = new Order(shop, orderId);
  await made.refresh();
  return { title: `Order ${short(orderId)}`, content: made.content(), leave: live(() => made.refresh()) };
});
