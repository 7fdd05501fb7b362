/* What was searched for, viewed, put into the cart and bought, told to the API and never waited for. The session is this
   tab's, and of whoever would rather not be followed nothing is told. */

const SESSION = "kontor.session";
const BYTES = 16;
const QUERY_MAX = 200;
/* More is refused, and with it whatever is told beside it. */
const TOGETHER_MAX = 20;
const STANDS = ["ORDER_CREATED", "PAYMENT_CAPTURED"];

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
    this.led = new Map(); // the words of the search that led to a product last, as long as the page is not loaded anew
    this.placed = new Set();
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
    const told = query && query.length <= QUERY_MAX ? query : "";
    this.found = { query: told, products: new Set(items.map((item) => item.productId)) };
    if (told) this.tell([{ kind: "search", query: told }]);
  }

  viewed(productId) {
    this.product = productId;
    const { query, products } = this.found;
    const words = query && products.has(productId) ? { query } : {};
    if (words.query) this.led.set(productId, query);
    this.tell([{ kind: "click", productId, ...words }]);
  }

  /** The product that was viewed last. */
  carted() {
    if (this.product !== null) this.tell([this.after("cart", this.product)]);
  }

  /** From here: nobody's other orders are told of when they are looked at. */
  ordered(orderId) {
    this.placed.add(orderId);
  }

  /** How an order stands. Once it stands for good its products were bought; what came to nothing was not. */
  stands(order) {
    if (!this.placed.has(order.orderId) || !STANDS.includes(order.checkout.state)) return;
    this.placed.delete(order.orderId);
    const products = new Set(order.lines.map((line) => line.productId));
    this.tell([...products].map((productId) => this.after("purchase", productId)));
  }

  after(kind, productId) {
    const query = this.led.get(productId);
    return query ? { kind, productId, query } : { kind, productId };
  }

  tell(signals) {
    const session = this.session;
    if (session === null) return;
    for (let at = 0; at < signals.length; at += TOGETHER_MAX)
      fetch(`${this.api.write}/api/signals`, {
        method: "POST",
        keepalive: true,
        headers: { "Content-Type": "application/json", "Kontor-Session": session },
        body: JSON.stringify({ signals: signals.slice(at, at + TOGETHER_MAX) }),
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
