/* A drop on its product's page: when it opens, where one stands in line, and whose turn it is. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { duration, moment, number, plural } from "../lib/format.js";
import { refused } from "../lib/states.js";

const TICKET = "kontor.ticket.";
const ADMISSION = "kontor.admission.";
const SENT_MAX = 10;
const TICK_MS = 1_000;

/** What POST /api/orders is told: every admission of this browser that has not run out. */
export function admissionHeader() {
  const tokens = [];
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(ADMISSION))) {
    const { token, expiresAt } = JSON.parse(localStorage.getItem(name));
    if (secondsTo(expiresAt) > 0) tokens.push(token);
    else localStorage.removeItem(name);
  }
  return tokens.length > 0 ? { "Kontor-Admission": tokens.slice(-SENT_MAX).join(",") } : {};
}

const secondsTo = (instant) => Math.max(0, (new Date(instant) - Date.now()) / 1000);

const WORDS = {
  announced: () => ["You are in the draw", "Places are drawn by lot when it opens. There is no need to be first."],
  waiting: ({ ahead, enough, estimatedSeconds, available }) => [
    `You are number ${number(ahead + 1)} in line`,
    enough
      ? `It is your turn in about ${duration(estimatedSeconds)}.`
      : `There are ${plural(available, "unit")} free, which is fewer than people before you: some must let theirs go.`,
  ],
  all_held: ({ outstanding }) => [
    "Just missed, for now",
    `All that is left is being bought; ${number(outstanding)} may still come back. You keep your place.`,
  ],
  sold_out: () => ["Sold out", "Everything is sold. Thank you for waiting."],
  lapsed: () => ["Your turn is over", "You can join again, at the end of the line."],
  ended: () => ["The drop is over", "What is left sells as usual."],
};

class DropPanel {
  constructor(shop, drop) {
    this.shop = shop;
    this.drop = drop;
    this.path = `/api/drops/${drop.dropId}`;
    this.state = "";
    this.timer = 0;
    this.clock = h("p", { class: "quiet" });
    this.said = h("div", {});
    this.element = h(
      "section",
      { class: "drop", "aria-label": "Drop" },
      h("h2", {}, "Limited drop"),
      this.clock,
      this.said,
    );
  }

  begin() {
    this.tick();
    if (this.ticket !== null && this.shop.api.session.signedIn) this.ask();
    else this.invite();
    return this.element;
  }

  get ticket() {
    return localStorage.getItem(TICKET + this.drop.dropId);
  }

  /** Counts down to the opening, of which the service knows first. The first tick comes before the page is shown. */
  tick(shown = false) {
    if (shown && !this.element.isConnected) return;
    const { opensAt } = this.drop;
    const seconds = ["", "announced"].includes(this.state) ? secondsTo(opensAt) : 0;
    const words = seconds > 0 ? `Opens ${moment(opensAt)}, in ${duration(seconds)}` : `Open since ${moment(opensAt)}`;
    this.clock.textContent = words;
    if (seconds > 0) setTimeout(() => this.tick(true), TICK_MS);
  }

  invite() {
    const button = h("button", { class: "button", type: "button", onclick: () => this.join(button) }, "Join the line");
    put(this.said, h("p", {}, "Orders need a place in the line."), button);
  }

  async join(button) {
    button.disabled = true;
    try {
      const { body, headers } = await this.shop.api.command("POST", `${this.path}/tickets`);
      localStorage.setItem(TICKET + this.drop.dropId, body.ticket);
      this.show(body, headers);
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      button.disabled = false;
      put(this.said, button, refused(problem));
    }
  }

  async ask() {
    try {
      const request = { headers: { "Kontor-Ticket": this.ticket } };
      const { body, headers } = await this.shop.api.send("GET", `${this.path}/place`, request);
      this.show(body, headers);
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      if (problem.passing) {
        this.later(problem.retryAfter ?? 5);
        return;
      }
      localStorage.removeItem(TICKET + this.drop.dropId); // of another account, or of a drop that is no more
      this.invite();
    }
  }

  show(place, headers) {
    const [title, text] = place.state === "admitted" ? this.admit(place.admission) : WORDS[place.state](place);
    const again = place.state === "lapsed" ? h("button", { class: "button", type: "button" }, "Join again") : null;
    again?.addEventListener("click", () => this.join(again));
    put(this.said, h("p", {}, h("strong", {}, title)), h("p", {}, text), again);
    if (place.state === "admitted") this.said.append(this.buyButton());
    if (place.state !== this.state) announce(`${title}. ${text}`);
    const opened = this.state === "announced" && place.state !== "announced";
    this.state = place.state;
    if (opened) this.tick();
    this.later(Number.parseInt(headers.get("Retry-After") ?? "", 10));
  }

  admit({ token, expiresAt }) {
    localStorage.setItem(ADMISSION + this.drop.dropId, JSON.stringify({ token, expiresAt }));
    return ["It is your turn", `Order until ${moment(expiresAt)}. Nobody takes your place meanwhile.`];
  }

  buyButton() {
    const { shop, drop } = this;
    const buy = async () => {
      button.disabled = true;
      try {
        const cart = await shop.basket.load();
        const there = cart.lines.some(({ sku, shopId }) => sku === drop.sku && shopId === drop.shopId);
        if (!there) await shop.basket.add(drop.sku, drop.shopId, 1);
        shop.router().go("/checkout");
      } catch (problem) {
        if (problem.title === undefined) throw problem;
        button.disabled = false;
        put(this.said, button, refused(problem));
      }
    };
    const button = h("button", { class: "button", type: "button", onclick: buy }, "Buy now");
    return button;
  }

  later(seconds) {
    clearTimeout(this.timer);
    if (Number.isNaN(seconds)) return;
    this.timer = setTimeout(() => {
      if (this.element.isConnected) this.ask();
    }, seconds * 1000);
  }
}

export const dropPanel = (shop, drop) => new DropPanel(shop, drop).begin();
