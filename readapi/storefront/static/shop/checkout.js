/* The checkout: where to, how, paid by what; then one button, which buys once however often it is pressed. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { empty, notice, refused } from "../lib/states.js";
import { cardChoice, keepCard } from "./cards.js";
import { hindered, hindrances } from "./cart.js";
import { Codes } from "./codes.js";
import { Destination } from "./destination.js";
import { admissionHeader } from "./drops.js";
import { redraw } from "./focus.js";
import { which } from "./goods.js";
import { option, options } from "./options.js";
import { cardsOf } from "./testcards.js";
import { totals } from "./totals.js";
import { own } from "./visitors.js";

const WAIT_S = 10;

function step(number, title, ...content) {
  return h(
    "fieldset",
    { class: "panel" },
    h("legend", {}, h("span", { class: "step", "aria-hidden": "true" }, number), title),
    content,
  );
}

/** Which lines cannot be bought and why, and the way to where they are taken out. */
function without(title, lines, words) {
  return notice(
    "warn",
    title,
    h(
      "ul",
      { role: "list" },
      lines.map(([what, why]) => h("li", {}, h("strong", {}, what), `: ${why}`)),
    ),
    h("p", {}, words, h("a", { href: "/cart" }, "to the cart")),
  );
}

/** Of a cart that is empty by now, or cannot be bought as it is. */
function inTheWay({ lines }) {
  announce("Nothing was ordered.");
  const orders = h("a", { href: "/orders" }, "your orders");
  if (lines.length === 0)
    return notice("info", "Your cart is empty", h("p", {}, "If it was bought in another tab, it is among ", orders, "."));
  const severe = lines.flatMap((line) => hindrances(line).map(({ message }) => [line.title, message]));
  return without("Not all of it can be bought any more", severe, "Nothing was ordered. Take fewer, or take these out: ");
}

class Checkout {
  constructor(shop, me, cart) {
    this.shop = shop;
    this.api = shop.api;
    this.me = me;
    this.cart = cart;
    this.token = cardsOf(me.paymentMethods)[0].token;
    this.method = "standard";
    this.quote = null;
    this.asked = 0;
    this.known = false; // whether the quote is that of what is chosen
    this.attempt = new Attempt(shop.api);
    this.keeping = new Attempt(shop.api);
    this.lines = h("ul", { class: "brief", role: "list" });
    this.where = new Destination(shop.api, me.addresses, {
      chosen: () => this.ask(),
      entered: () => this.ready(),
    });
    this.how = h("div", {});
    this.sum = h("div", {});
    this.said = h("div", { class: "said" });
    this.first = h("p", { class: "quiet", id: "keep-first" });
    this.codes = new Codes(shop, () => this.ask());
    this.button = h(
      "button",
      {
        class: "button wide-button",
        type: "button",
        disabled: true,
        "aria-describedby": "keep-first",
        onclick: () => this.place(),
      },
      "Place order",
    );
  }

  content() {
    this.showLines(this.cart.lines);
    return h(
      "div",
      { class: "with-summary" },
      h(
        "div",
        {},
        step("1", "Where to", this.where.element),
        step("2", "Delivery", this.how),
        step("3", "Payment", this.cardList()),
      ),
      h(
        "aside",
        { class: "summary", "aria-label": "Summary" },
        h("h2", {}, "Your order"),
        this.lines,
        this.codes.element,
        this.sum,
        this.said,
        this.first,
        this.button,
      ),
    );
  }

  showLines(lines) {
    const price = ({ unitPrice, quantity }) => money({ ...unitPrice, amount: unitPrice.amount * quantity });
    const named = (line) => h("div", { class: "named" }, `${line.quantity} × ${line.title}`, which(this.api, line));
    put(
      this.lines,
      lines.map((line) => h("li", {}, named(line), h("span", {}, price(line)))),
    );
  }

  cardList() {
    const choose = (event) => {
      this.token = event.target.value;
    };
    return cardChoice(cardsOf(this.me.paymentMethods), this.token, choose);
  }

  showMethods() {
    const choose = (event) => {
      this.method = event.target.value;
      this.ask();
    };
    const { methods, method } = this.quote;
    const shown = methods.map((one) =>
      option(
        "method",
        one.id,
        method,
        choose,
        h("strong", {}, one.name),
        h("span", { class: "quiet" }, `${one.daysMin} to ${one.daysMax} days`),
        h("span", { class: "price" }, one.amount.amount ? money(one.amount) : "Free"),
      ),
    );
    redraw(this.how, () => put(this.how, options(shown)));
  }

  async quoted() {
    const body = { cartId: this.cart.cartId, addressId: this.where.addressId, shippingMethod: this.method };
    if (this.codes.giftCard) body.giftCard = this.codes.giftCard;
    return (await this.api.command("POST", "/api/orders/quote", body)).body;
  }

  /** What it costs now; until it is known, nothing can be ordered. Answers come in any order: the last question counts. */
  async ask() {
    this.asked += 1;
    const { asked } = this;
    this.known = false;
    this.ready();
    put(this.said);
    if (this.where.addressId === null) {
      put(this.sum, h("p", { class: "quiet" }, "Tax and delivery show once there is an address."));
      put(this.how, h("p", { class: "quiet" }, "How it can come shows once there is an address."));
      return;
    }
    try {
      const quote = await this.quoted();
      if (asked === this.asked) this.show(quote);
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      if (asked !== this.asked) return;
      if (this.codes.refused(problem)) {
        await this.ask();
        return;
      }
      put(
        this.said,
        refused(problem, () => this.ask()),
      );
    }
  }

  show(quote) {
    this.quote = quote;
    this.known = true;
    this.showLines(quote.lines);
    this.showMethods();
    this.codes.show(quote);
    put(this.sum, totals(quote));
    if (quote.undeliverable.length > 0) put(this.said, this.elsewhere(quote));
    this.button.textContent = `Pay ${money(quote.due)}`;
    this.ready();
  }

  /** Whether the button may be pressed: not while an address is being entered, which the order would not go to. */
  ready() {
    const { adding, addressId } = this.where;
    put(this.first, adding && addressId !== null ? "Keep the address first, or cancel." : null);
    this.button.disabled = adding || !this.known || this.quote.undeliverable.length > 0;
  }

  /** What cannot go to this address, and why. */
  elsewhere(quote) {
    const title = Object.fromEntries(quote.lines.map((line) => [line.lineId, line.title]));
    const lines = quote.undeliverable.map(({ lineId, why }) => [title[lineId], why]);
    return without("Not all of it can go there", lines, "Choose another address, or take these out: ");
  }

  async place() {
    if (this.button.disabled) return;
    this.button.disabled = true;
    put(this.said, h("p", { role: "status", class: "working" }, "Placing your order…"));
    try {
      const order = await this.send();
      this.shop.signals.ordered(order.orderId);
      this.shop.basket.load().catch(() => null);
      this.shop.router().go(`/orders/${order.orderId}`, { replace: true });
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      if (problem.code === "price_changed") {
        this.changed(problem.body.quote);
        return;
      }
      if (this.codes.refused(problem)) {
        await this.ask();
        return;
      }
      await this.stopped(problem);
    }
  }

  /** Why nothing was ordered: others may have bought what was left, and another tab all of it. */
  async stopped(problem) {
    const cart = problem.passing ? this.cart : await this.shop.basket.load().catch(() => this.cart);
    this.known = cart.lines.length > 0 && !hindered(cart);
    put(this.said, this.known ? refused(problem) : inTheWay(cart));
    this.settle();
  }

  /** The keyboard goes on where it was, or where the way out is: a button that cannot be pressed had lost it. */
  settle() {
    this.ready();
    (this.button.disabled ? this.said.querySelector("a") : this.button)?.focus();
  }

  changed(now) {
    const before = money(this.quote.totals.grand);
    this.show(now);
    put(
      this.said,
      notice(
        "warn",
        "The price has changed",
        h(
          "p",
          {},
          `It was ${before} and is ${money(now.totals.grand)} now. Nothing was ordered; press the button again if that is all right.`,
        ),
      ),
    );
    announce(`It costs ${money(now.totals.grand)} now. Nothing was ordered.`);
    this.settle();
  }

  async send() {
    const body = {
      cartId: this.cart.cartId,
      addressId: this.where.addressId,
      paymentMethodId: await this.paymentMethod(),
      shippingMethod: this.method,
      total: this.quote.totals.grand,
    };
    if (this.codes.giftCard) body.giftCard = this.codes.giftCard;
    const options = { wait: WAIT_S, headers: admissionHeader() };
    return (await this.attempt.send("POST", "/api/orders", body, options)).body;
  }

  async paymentMethod() {
    const card = cardsOf(this.me.paymentMethods).find(({ token }) => token === this.token);
    if (card.methodId !== null) return card.methodId;
    const kept = await keepCard(this.keeping, this.token);
    this.me.paymentMethods.push(kept);
    return kept.paymentMethodId;
  }
}

export const checkout = own("Checkout", "Your cart comes with you.", async (_, shop) => {
  const [{ body: me }, cart] = await Promise.all([shop.api.get("/api/me"), shop.basket.load()]);
  if (cart.lines.length === 0 || hindered(cart)) {
    return {
      title: "Checkout",
      content: [
        h("h1", {}, "Checkout"),
        empty(
          "cart",
          "There is nothing to buy yet",
          "Have a look at your cart first.",
          h("a", { class: "button", href: "/cart" }, "To the cart"),
        ),
      ],
    };
  }
  const made = new Checkout(shop, me, cart);
  const content = [h("h1", {}, "Checkout"), made.content()];
  await made.ask();
  return { title: "Checkout", content };
});
