/* From one star to five: the field, and what this browser remembers of shops, which the API tells nobody. */

import { select } from "../lib/form.js";

const KEPT = "kontor.rated";
const MOST = 200;
const WORDS = [
  ["5", "5 stars, very good"],
  ["4", "4 stars, good"],
  ["3", "3 stars, fair"],
  ["2", "2 stars, poor"],
  ["1", "1 star, very poor"],
];

export function ratingField(label, given) {
  return select(label, "rating", WORDS, given ?? "5");
}

const all = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");

/** What was given to a shop on account of an order: "1" to "5", or undefined. */
export function ratingGiven(order, id) {
  return all()[`${order.orderId} ${id}`];
}

/** The newest are remembered. */
export function rememberRating(order, id, rating) {
  const kept = Object.entries({ ...all(), [`${order.orderId} ${id}`]: rating });
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(kept.slice(-MOST))));
}
