/* The cart as last heard of, for everybody on the page who shows something of it. */

export class Basket extends EventTarget {
  constructor(api) {
    super();
    this.api = api;
    this.cart = null;
    api.session.addEventListener("change", () => this.changed(null));
    // Another tab may have put something in, or bought it all.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.load().catch(() => null);
    });
  }

  get quantity() {
    return this.cart?.totals.quantity ?? 0;
  }

  /** Answers come in any order: of one cart the latest counts, which is returned. */
  changed(cart) {
    const older = cart !== null && cart.cartId === this.cart?.cartId && cart.version < this.cart.version;
    if (older) return this.cart;
    this.cart = cart;
    this.dispatchEvent(new Event("change"));
    return cart;
  }

  async load() {
    try {
      return this.changed((await this.api.get("/api/cart")).body);
    } catch (problem) {
      // The token of an anonymous cart that another log had issued.
      if (problem.status !== 422 || this.api.cartToken === null) throw problem;
      this.api.cartToken = null;
      return this.changed((await this.api.get("/api/cart")).body);
    }
  }

  async add(sku, shopId, quantity) {
    return this.changed((await this.api.command("POST", "/api/cart/items", { sku, shopId, quantity })).body);
  }

  async take(itemId, quantity) {
    return this.changed((await this.api.command("PATCH", `/api/cart/items/${itemId}`, { quantity })).body);
  }

  async remove(itemId) {
    return this.changed((await this.api.command("DELETE", `/api/cart/items/${itemId}`)).body);
  }

  async coupon(code) {
    return this.changed((await this.api.command("POST", "/api/cart/coupons", { code })).body);
  }

  async withdraw(code) {
    return this.changed((await this.api.command("DELETE", `/api/cart/coupons/${encodeURIComponent(code)}`)).body);
  }

  /** After signing in: what was put into the cart before goes into one's own. */
  async merge() {
    if (this.api.cartToken !== null) {
      try {
        await this.api.command("POST", "/api/cart/merge");
      } catch (problem) {
        if (problem.status >= 500 || problem.status === 0) throw problem;
      }
      this.api.cartToken = null;
    }
    return this.load();
  }
}
