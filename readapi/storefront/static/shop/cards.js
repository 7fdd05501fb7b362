/* Cards: to choose from, and one that is kept from now on. */

import { h } from "../lib/dom.js";
import { option, options } from "./options.js";

export function cardWords({ title, note }) {
  return [h("strong", {}, title), h("span", { class: "quiet" }, note)];
}

/** `cards` as `cardsOf` tells them; `token` is that of the chosen one. */
export function cardChoice(cards, token, choose = null) {
  return options(cards.map((card) => option("card", card.token, token, choose, cardWords(card))));
}

/** The payment method that it is now. */
export async function keepCard(attempt, token) {
  const { body } = await attempt.send("POST", "/api/me/payment-methods", { token });
  return { token, paymentMethodId: body.paymentMethodId };
}
