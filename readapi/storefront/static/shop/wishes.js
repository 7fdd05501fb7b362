/* Which SKUs are on the wishlist, as far as this tab knows: asked for once, then kept with what is done here. */

const PAGE = 100;
const known = new WeakMap();

class Wishes {
  constructor(api) {
    this.api = api;
    this.asked = null;
    api.session.addEventListener("change", () => {
      this.asked = null;
    });
  }

  /** A set; of a visitor's nothing. */
  skus() {
    if (!this.api.session.signedIn) return Promise.resolve(new Set());
    this.asked ??= this.all().catch((problem) => {
      this.asked = null;
      throw problem;
    });
    return this.asked;
  }

  async all() {
    const skus = new Set();
    let cursor = null;
    do {
      const { body } = await this.api.get("/api/wishlist", { limit: PAGE, ...(cursor ? { cursor } : {}) });
      for (const { sku } of body.items) skus.add(sku);
      cursor = body.next;
    } while (cursor);
    return skus;
  }

  async add(sku) {
    await this.api.command("POST", "/api/wishlist/items", { sku });
    this.changed((skus) => skus.add(sku));
  }

  async remove(sku) {
    await this.api.command("DELETE", `/api/wishlist/items/${encodeURIComponent(sku)}`);
    this.changed((skus) => skus.delete(sku));
  }

  /** What is not known yet will be asked for later than this. */
  changed(how) {
    this.asked?.then(how, () => null);
  }
}

/** The same for everybody on the page. */
export function wishesOf(api) {
  if (!known.has(api)) known.set(api, new Wishes(api));
  return known.get(api);
}
