/* Coupons and gift cards, below the lines of an order. */

import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { capital, money } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { redraw } from "./focus.js";

const REASONS = {
  unknown: "no such code",
  not_started: "not yet",
  over: "no longer valid",
  used_up: "used up",
  not_met: "its conditions are not met",
};

export class Codes {
  /** `ask` asks what it costs with them. */
  constructor(shop, ask) {
    this.basket = shop.basket;
    this.ask = ask;
    this.giftCard = null;
    this.shown = h("div", {});
    this.form = form(
      (entered) => this.use(entered),
      field("Coupon", "coupon", { maxlength: 40 }),
      field("Gift card", "giftCard", { maxlength: 40 }),
      h("button", { class: "button quiet", type: "submit" }, "Use"),
    );
    this.element = h("details", { class: "codes" }, h("summary", {}, "Coupon or gift card"), this.form, this.shown);
  }

  input(name) {
    return this.form.elements.namedItem(name);
  }

  /** What is in use shows below; its field is free for the next, or the next press would bring back what was taken out. */
  async use({ coupon, giftCard }) {
    if (coupon && !(await this.coupon(coupon))) return;
    if (giftCard) this.giftCard = giftCard;
    await this.ask();
    if (giftCard && this.giftCard === giftCard) this.input("giftCard").value = "";
  }

  /** Whether it is in the cart now. What cannot be a code at all is refused there. */
  async coupon(code) {
    try {
      await this.basket.coupon(code);
    } catch (problem) {
      if (problem.code !== "validation_failed") throw problem;
      this.mark("coupon", "There is no such coupon.");
      return false;
    }
    this.input("coupon").value = "";
    return true;
  }

  /** Whether a problem is that of the gift card, which is left out then: the order goes on without it. */
  refused(problem) {
    const wrong = problem.errors.find(({ pointer }) => pointer === "#/giftCard");
    if (!wrong) return false;
    this.giftCard = null;
    this.mark("giftCard", `${capital(wrong.detail)}.`);
    return true;
  }

  mark(name, why) {
    const input = this.input(name);
    input.setAttribute("aria-invalid", "true");
    document.getElementById(input.getAttribute("aria-describedby")).textContent = why;
    this.element.open = true;
    input.focus();
  }

  show(quote) {
    redraw(
      this.shown,
      () => put(this.shown, this.inUse(quote)),
      () => this.input("coupon").focus(),
    );
  }

  inUse(quote) {
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
    return [h("p", { class: "chips" }, coupons, card), promotions];
  }
}
