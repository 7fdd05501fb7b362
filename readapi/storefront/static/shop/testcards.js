/* The provider's test cards. A shop that takes real money puts its provider's own form here, which gives tokens too. */

const TEST_CARDS = [
  ["pm_card_visa", "Test card that works", "Visa"],
  ["pm_card_declined", "Test card that is declined", "To see what a buyer sees"],
  ["pm_card_insufficient_funds", "Test card without money", "Declined as well"],
  ["pm_sim_timeout", "Test card with a lost answer", "The charge is found again after some seconds"],
];

/** Cards that this person keeps, then the test cards; `methodId` is null for those that are not kept yet. */
export function cardsOf(methods) {
  const kept = new Map(methods.map(({ token, paymentMethodId }) => [token, paymentMethodId]));
  const named = new Set(TEST_CARDS.map(([token]) => token));
  const others = [...kept.keys()].filter((token) => !named.has(token)).map((token) => [token, "Your card", token]);
  return [...others, ...TEST_CARDS].map(([token, title, note]) => ({
    token,
    title,
    note,
    methodId: kept.get(token) ?? null,
  }));
}
