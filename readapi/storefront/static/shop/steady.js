/* A part of a page that is drawn anew only when what it shows has changed: somebody may be writing in it. */

import { h, put } from "../lib/dom.js";
import { redraw } from "./focus.js";

export class Steady {
  /** `draw` makes the part of what is to be shown, which is compared as JSON. */
  constructor(draw) {
    this.draw = draw;
    this.known = null;
    this.element = h("div", {});
  }

  show(what) {
    const now = JSON.stringify(what);
    if (now === this.known) return;
    this.known = now;
    redraw(this.element, () => put(this.element, this.draw(what)));
  }
}
