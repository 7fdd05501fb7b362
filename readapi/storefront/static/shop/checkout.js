/* The checkout: where to, how, paid by what; then one button, which buys once however often it is pressed. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { money } from "../lib/format.js";
import { empty, notice, refused } from "../lib/states.js";
import { addressBlock, addressForm } from "./address.js";
import { hindered } from "./cart.js";
import { Codes } from "./codes.js";
import { admissionHeader } from "./drops.js";
import { cardsOf } from "./testcards.js";
import { totals } from "./totals.js";

const WAIT_S = 10;

function option(name, value, chosen, onchange, ...words) {
  return h(
    "li",
    {},
    h(
      "label",
      { class: "option" },
      h("input", { type: "radio", name, value, checked: value === chosen, onchange }),
      h("span", {}, words),
    ),
  );
}

function step(number, title, ...content) {
  return h(
    "fieldset",
    { class: "panel" },
    h("legend", {}, h("span", { class: "step", "aria-hidden": "true" }, number), title),
    content,
  );
}

class Checkout {
  constructor(shop, me, cart) {
    this.shop = shop;
    this.api = shop.api;
    this.me = me;
    this.cart = cart;
    this.addressId = me.addresses[0]?.addressId ?? null;
    this.token = cardsOf(me.paymentMethods)[0].token;
    this.method = "standard";
    this.quote = null;
    this.attempt = new Attempt(shop.api);
    this.lines = h("ul", { class: "brief", role: "list" });
    this.where = h("div", {});
    this.how = h("div", {});
    this.sum = h("div", {});
    this.said = h("div", { class: "said" });
    this.codes = new Codes(shop, () => this.ask());
    this.button = h(
      "button",
      { class: "button wide-button", type: "button", onclick: () => this.place() },
      "Place order",
    );
  }

  content() {
    this.showAddresses();
    this.showLines(this.cart.lines);
    return h(
      "div",
      { class: "with-summary" },
      h(
        "div",
        {},
        step("1", "Where to", this.where),
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
        this.button,
      ),
    );
  }

  showLines(lines) {
    const price = ({ unitPrice, quantity }) => money({ ...unitPrice, amount: unitPrice.amount * quantity });
    put(
      this.lines,
      lines.map((line) => h("li", {}, h("span", {}, `${line.quantity} × ${line.title}`), h("span", {}, price(line)))),
    );
  }

  showAddresses(adding = this.me.addresses.length === 0) {
    if (adding) {
      const back = this.me.addresses.length > 0 ? () => this.showAddresses(false) : null;
      put(
        this.where,
        addressForm((fields) => this.keepAddress(fields), back),
      );
      return;
    }
    const choose = (event) => {
      this.addressId = event.target.value;
      this.ask();
    };
    put(
      this.where,
      h(
        "ul",
        { class: "options", role: "list" },
        this.me.addresses.map((one) => option("address", one.addressId, this.addressId, choose, addressBlock(one))),
      ),
      h(
        "button",
        { class: "button quiet", type: "button", onclick: () => this.showAddresses(true) },
        "Another address",
      ),
    );
  }

  async keepAddress(fields) {
    const { body } = await this.api.command("POST", "/api/me/addresses", fields);
    this.me.addresses.push({ addressId: body.addressId, ...fields });
    this.addressId = body.addressId;
    this.showAddresses(false);
    await this.ask();
  }

  cardList() {
    const choose = (event) => {
      this.token = event.target.value;
    };
    return h(
      "ul",
      { class: "options", role: "list" },
      cardsOf(this.me.paymentMethods).map(({ token, title, note }) =>
        option("card", token, this.token, choose, h("strong", {}, title), h("span", { class: "quiet" }, note)),
      ),
    );
  }

  showMethods() {
    const choose = (event) => {
      this.method = event.target.value;
      this.ask();
    };
    const { methods, method } = this.quote;
    put(
      this.how,
      h(
        "ul",
        { class: "options", role: "list" },
        methods.map((one) =>
          option(
            "method",
            one.id,
            method,
            choose,
            h("strong", {}, one.name),
            h("span", { class: "quiet" }, `${one.daysMin} to ${one.daysMax} days`),
            h("span", { class: "price" }, one.amount.amount ? money(one.amount) : "Free"),
          ),
        ),
      ),
    );
  }

  async quoted() {
    const body = { cartId: this.cart.cartId, addressId: this.addressId, shippingMethod: this.method };
    if (this.codes.giftCard) body.giftCard = this.codes.giftCard;
    return (await this.api.command("POST", "/api/orders/quote", body)).body;
  }

  /** What it costs now; until it is known, nothing can be ordered. */
  async ask() {
    this.button.disabled = true;
    put(this.said);
    if (this.addressId === null) {
      put(this.sum, h("p", { class: "quiet" }, "Tax and delivery show once there is an address."));
      return;
    }
    try {
      this.show(await this.quoted());
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(
        this.said,
        refused(problem, () => this.ask()),
      );
    }
  }

  show(quote) {
    this.quote = quote;
    this.showLines(quote.lines);
    this.showMethods();
    this.codes.show(quote);
    put(this.sum, totals(quote));
    if (quote.undeliverable.length > 0) put(this.said, this.elsewhere(quote));
    this.button.disabled = quote.undeliverable.length > 0;
    this.button.textContent = `Pay ${money(quote.due)}`;
  }

  /** What cannot go to this address, and why. */
  elsewhere(quote) {
    const title = Object.fromEntries(quote.lines.map((line) => [line.lineId, line.title]));
    return notice(
      "warn",
      "Not all of it can go there",
      h(
        "ul",
        { role: "list" },
        quote.undeliverable.map(({ lineId, why }) => h("li", {}, h("strong", {}, title[lineId]), `: ${why}`)),
      ),
      h("p", {}, "Choose another address, or take these out: ", h("a", { href: "/cart" }, "to the cart")),
    );
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
      put(this.said, refused(problem));
      this.button.disabled = false;
    }
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
    announce(`The price has changed to ${money(now.totals.grand)}. Nothing was ordered.`);
  }

  async send() {
    const body = {
      cartId: this.cart.cartId,
      addressId: this.addressId,
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
    const { body } = await this.api.command("POST", "/api/me/payment-methods", { token: this.token });
    this.me.paymentMethods.push({ token: this.token, paymentMethodId: body.paymentMethodId });
    return body.paymentMethodId;
  }
}

function visitors() {
  return {
    title: "Checkout",
    content: [
      h("h1", {}, "Checkout"),
      empty(
        "person",
        "Sign in to buy",
        "Your cart comes with you.",
        h("a", { class: "button", href: "/sign-in?to=/checkout" }, "Sign in"),
      ),
    ],
  };
}

export async function checkout(_, shop) {
  if (!shop.api.session.signedIn) return visitors();
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
}
