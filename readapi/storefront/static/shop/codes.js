/* Coupons and gift cards, below the lines of an order. */

import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { money } from "../lib/format.js";
import { icon } from "../lib/icons.js";

const REASONS = {
  unknown: "no such code",
  not_started: "not yet",
  over: "no longer valid",
  used_up: "used up",
  not_met: "its conditions are not met",
};

export class Codes {
  constructor(shop, ask) {
    this.basket = shop.basket;
    this.ask = ask;
    this.giftCard = null;
    this.shown = h("div", {});
    this.element = h(
      "details",
      { class: "codes" },
      h("summary", {}, "Coupon or gift card"),
      form(
        async ({ coupon, giftCard }) => {
          if (coupon) await this.basket.coupon(coupon);
          if (giftCard) this.giftCard = giftCard;
          await this.ask();
        },
        field("Coupon", "coupon", { maxlength: 40 }),
        field("Gift card", "giftCard", { maxlength: 40 }),
        h("button", { class: "button quiet", type: "submit" }, "Use"),
      ),
      this.shown,
    );
  }

  show(quote) {
    const drop = (what) => async () => {
      await what();
      await this.ask();
    };
    const chip = (text, out) =>
      h(
        "button",
        { type: "button", class: "chip on", "aria-label": `Take out ${text}`, onclick: drop(out) },
        text,
        icon("cross", 14),
      );
    const useless = new Map(quote.coupons.map(({ code, reason }) => [code, reason]));
    const coupons = (this.basket.cart?.coupons ?? []).map((code) =>
      chip(useless.has(code) ? `${code}: ${REASONS[useless.get(code)] ?? useless.get(code)}` : code, () =>
        this.basket.withdraw(code),
      ),
    );
    const card = quote.giftCard
      ? chip(`Gift card pays ${money(quote.giftCard.amount)}`, async () => {
          this.giftCard = null;
        })
      : null;
    const promotions = quote.promotions.map((one) => h("p", { class: "quiet" }, `${one.name}: −${money(one.amount)}`));
    put(this.shown, h("p", { class: "chips" }, coupons, card), promotions);
  }
}
