/* Saving what is chosen on a product's page. Whoever is not signed in is asked to, and it is saved when they come back. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { refused } from "../lib/states.js";
import { signInAddress } from "./visitors.js";
import { wishesOf } from "./wishes.js";

const WISH = "wish";

export class WishButton {
  constructor(shop, title) {
    this.shop = shop;
    this.wishes = wishesOf(shop.api);
    this.title = title;
    this.sku = null;
    this.said = h("div", { class: "said" });
    this.button = h(
      "button",
      { class: "button quiet", type: "button", onclick: () => this.press() },
      icon("heart", 18),
      "Save to wishlist",
    );
    this.element = h("div", { class: "wish" }, this.button, this.said);
  }

  /** Of which sibling it is from now on; what was said of another does not hold for it. */
  async choose(sku) {
    this.sku = sku;
    this.button.hidden = false;
    put(this.said);
    const skus = await this.wishes.skus().catch(() => new Set()); // then it can be saved once more
    if (sku === this.sku && skus.has(sku)) this.saved();
  }

  async press() {
    if (!this.shop.api.session.signedIn) {
      const query = new URLSearchParams(location.search);
      query.set(WISH, this.sku);
      this.shop.router().go(signInAddress(`${location.pathname}?${query}`));
      return;
    }
    await this.save(this.sku);
  }

  /** What somebody wished before signing in, once: the address does not keep it. */
  async resume() {
    const query = new URLSearchParams(location.search);
    const sku = query.get(WISH);
    if (sku === null || !this.shop.api.session.signedIn) return;
    query.delete(WISH);
    history.replaceState(history.state, "", query.size > 0 ? `?${query}` : location.pathname);
    await this.save(sku);
  }

  async save(sku) {
    try {
      await this.wishes.add(sku);
      if (sku === this.sku) this.saved();
      announce(`${this.title} is on your wishlist`);
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(this.said, refused(problem));
    }
  }

  saved() {
    const list = h("a", { href: "/wishlist" }, "Go to your wishlist");
    const pressed = document.activeElement === this.button;
    this.button.hidden = true;
    put(this.said, h("p", { class: "added" }, icon("check", 18), " Saved. ", list));
    if (pressed) list.focus({ preventScroll: true });
  }
}
