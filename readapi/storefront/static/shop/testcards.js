/* The provider's test cards. A shop that takes real money puts its provider's own form here, which gives tokens too. */

export const TEST_CARDS = [
  ["pm_card_visa", "Test card that works", "Visa"],
  ["pm_card_declined", "Test card that is declined", "To see what a buyer sees"],
  ["pm_card_insufficient_funds", "Test card without money", "Declined as well"],
  ["pm_sim_timeout", "Test card with a lost answer", "The charge is found again after some seconds"],
];

/** The cards of this person, then the test cards that are not among them; `methodId` is null for those. */
export function cardsOf(methods) {
  const own = new Map(methods.map(({ token, paymentMethodId }) => [token, paymentMethodId]));
  const named = new Map(TEST_CARDS.map(([token, title, note]) => [token, { title, note }]));
  const tokens = [...new Set([...own.keys(), ...named.keys()])];
  return tokens.map((token) => ({
    token,
    methodId: own.get(token) ?? null,
    ...(named.get(token) ?? { title: token, note: "" }),
  }));
}
