/* The shop's mark beside its name: the icon of the page, so that a file of one's own changes both. */

import { h } from "./dom.js";

export function mark() {
  return h("img", {
    class: "mark",
    src: document.querySelector("link[rel=icon]").href,
    alt: "",
    width: 32,
    height: 32,
  });
}
