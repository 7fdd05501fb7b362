/* How long ago something was, which goes on while somebody looks. */

import { h } from "../lib/dom.js";
import { ago, moment } from "../lib/format.js";

const EVERY_MS = 20_000;

export function when(instant) {
  return instant ? h("time", { class: "ago", datetime: instant, title: moment(instant) }, ago(instant)) : "";
}

/** Tells all of them anew, again and again. */
export function keepTime() {
  setInterval(() => {
    for (const one of document.querySelectorAll("time.ago")) one.textContent = ago(one.dateTime);
  }, EVERY_MS);
}
