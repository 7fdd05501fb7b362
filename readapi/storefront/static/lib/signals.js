/* What was searched for, viewed and put into the cart, told to the API and never waited for. The session is this tab's,
   and of whoever would rather not be followed nothing is told. */

const SESSION = "kontor.session";
const BYTES = 16;

const refused = () => navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";

function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Signals {
  constructor(api) {
    this.api = api;
    this.found = { query: "", products: new Set() };
    this.product = null;
  }

  get session() {
    if (refused()) return null;
    const kept = sessionStorage.getItem(SESSION);
    if (kept !== null) return kept;
    const made = random();
    sessionStorage.setItem(SESSION, made);
    return made;
  }

  /** What somebody goes on to from here is told with these words. */
  searched(query, items) {
    this.found = { query: query ?? "", products: new Set(items.map((item) => item.productId)) };
    if (query) this.tell({ kind: "search", query });
  }

  viewed(productId) {
    this.product = productId;
    this.tell({ kind: "click", productId, ...this.from(productId) });
  }

  /** The product that was viewed last. */
  carted() {
    if (this.product !== null) this.tell({ kind: "cart", productId: this.product, ...this.from(this.product) });
  }

  from(productId) {
    const { query, products } = this.found;
    return query && products.has(productId) ? { query } : {};
  }

  tell(signal) {
    const session = this.session;
    if (session === null) return;
    fetch(`${this.api.write}/api/signals`, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json", "Kontor-Session": session },
      body: JSON.stringify({ signals: [signal] }),
    }).catch(() => null);
  }

  /** Products of this session, the newest first; none if they cannot be had. */
  async recent(limit) {
    const session = this.session;
    if (session === null) return [];
    const headers = { "Kontor-Session": session };
    const asked = this.api.send("GET", `/api/recently-viewed?limit=${limit}`, { headers });
    return asked.then(
      ({ body }) => body.items,
      () => [],
    );
  }
}
