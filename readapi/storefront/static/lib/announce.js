/* Tells screen readers what changed without a word of focus. */

import { h } from "./dom.js";

const region = h("div", { class: "unseen", role: "status", "aria-live": "polite", "aria-atomic": "true" });

export function listen() {
  document.body.append(region);
}

export function announce(text) {
  // The same words again are only told if they were gone in between.
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 60);
}
