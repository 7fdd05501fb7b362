/* The cards that somebody keeps. Only the provider's tokens for them are known here, never a number. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { cardChoice, cardWords, keepCard } from "./cards.js";
import { gone, once } from "./once.js";
import { cardsOf } from "./testcards.js";

export class Wallet {
  constructor(api, methods) {
    this.api = api;
    this.methods = methods;
    this.adding = new Attempt(api);
    this.said = h("div", { class: "said" });
    this.list = h("ul", { class: "kept", role: "list", "aria-label": "Payment methods" });
    this.below = h("div", {});
    this.show();
    this.element = h("section", { class: "panel" }, h("h2", {}, "Payment methods"), this.list, this.said, this.below);
  }

  show() {
    put(this.list, this.methods.map((method) => this.entry(method)));
    this.closed();
  }

  closed() {
    const some = this.methods.length > 0;
    const open = { class: "button quiet", type: "button", onclick: () => this.opened() };
    put(
      this.below,
      some ? null : h("p", { class: "quiet" }, "None yet. A card that you pay with is kept here."),
      this.offered().length > 0 ? h("button", open, some ? "Another card" : "Add a card") : null,
    );
  }

  offered() {
    return cardsOf(this.methods).filter(({ methodId }) => methodId === null);
  }

  opened() {
    const cards = this.offered();
    const back = () => {
      this.closed();
      this.settle();
    };
    put(
      this.below,
      form(
        ({ card }) => this.add(card),
        h("fieldset", {}, h("legend", {}, "A new card"), cardChoice(cards, cards[0].token)),
        h(
          "p",
          { class: "actions" },
          h("button", { class: "button", type: "submit" }, "Keep this card"),
          h("button", { class: "button quiet", type: "button", onclick: back }, "Cancel"),
        ),
      ),
    );
    this.below.querySelector("input").focus();
  }

  async add(token) {
    this.methods.push(await keepCard(this.adding, token));
    this.show();
    this.settle();
    announce("The card is kept");
  }

  /** Where the keyboard goes on: what it was on is gone. */
  settle() {
    const next = this.below.querySelector("button") ?? this.list.querySelector("button:last-of-type");
    next?.focus();
  }

  entry(method) {
    const card = cardsOf([method]).find(({ token }) => token === method.token);
    const remove = once(this.said, () => this.remove(method, card));
    return h(
      "li",
      { class: "one" },
      icon("card", 24),
      h("span", { class: "words" }, cardWords(card)),
      h(
        "button",
        { class: "button bare", type: "button", "aria-label": `Remove ${card.title}`, onclick: remove },
        "Remove",
      ),
    );
  }

  async remove(method, { title }) {
    if (!confirm(`Remove ${title}?`)) return;
    await gone(this.api.command("DELETE", `/api/me/payment-methods/${method.paymentMethodId}`));
    this.methods = this.methods.filter((one) => one !== method);
    this.show();
    this.settle();
    announce(`${title} is removed`);
  }
}
