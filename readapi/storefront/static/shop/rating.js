/* From one star to five. */

import { select } from "../lib/form.js";

const WORDS = [
  ["5", "5 stars, very good"],
  ["4", "4 stars, good"],
  ["3", "3 stars, fair"],
  ["2", "2 stars, poor"],
  ["1", "1 star, very poor"],
];

/** `given` is what was given before, a number, or null. */
export function ratingField(label, given) {
  return select(label, "rating", WORDS, String(given ?? 5));
}
