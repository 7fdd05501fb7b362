/* Where somebody is signed in, and the way out of each. What device it is nobody knows: nothing of it is kept. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { ago, day, number } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { gone, once } from "./once.js";

/* Others that are shown at first; who signs in with every visit has many. */
const SHOWN = 5;

class Sessions {
  constructor(shop, items) {
    this.shop = shop;
    // This browser is the first, whatever was used last.
    this.items = [...items.filter((one) => one.current), ...items.filter((one) => !one.current)];
    this.all = false;
    this.said = h("div", { class: "said" });
    this.list = h("ul", { class: "kept", role: "list", "aria-label": "Where you are signed in" });
    this.below = h("p", { class: "actions" });
    const heading = h("h2", {}, "Where you are signed in");
    this.element = h("section", { class: "panel" }, heading, this.list, this.said, this.below);
    this.show();
  }

  get others() {
    return this.items.filter((one) => !one.current);
  }

  show() {
    const shown = this.all ? this.items : this.items.slice(0, SHOWN + 1);
    const more = this.items.length - shown.length;
    put(this.list, shown.map((one) => this.entry(one)));
    put(
      this.below,
      more > 0
        ? h(
            "button",
            { class: "button bare", type: "button", onclick: () => this.showAll() },
            `Show ${number(more)} more`,
          )
        : null,
      this.others.length > 0
        ? h(
            "button",
            { class: "button quiet", type: "button", onclick: once(this.said, () => this.endOthers()) },
            "Sign out everywhere else",
          )
        : null,
    );
  }

  showAll() {
    this.all = true;
    this.show();
    this.list.querySelectorAll("button")[SHOWN]?.focus();
  }

  entry(session) {
    const { current, signedInAt, lastUsedAt } = session;
    const title = current ? "This browser" : "Another browser or program";
    const since = `Signed in on ${day(signedInAt)}`;
    const used = current ? "in use now" : `last used ${ago(lastUsedAt)}`;
    return h(
      "li",
      { class: "one" },
      icon("person", 24),
      h("span", { class: "words" }, h("strong", {}, title), h("span", { class: "quiet" }, `${since}, ${used}`)),
      current
        ? null
        : h(
            "button",
            {
              class: "button bare",
              type: "button",
              "aria-label": `Sign out ${title.toLowerCase()}, ${since.toLowerCase()}, ${used}`,
              onclick: once(this.said, () => this.end(session)),
            },
            "Sign out",
          ),
    );
  }

  async end(session) {
    const at = this.others.indexOf(session);
    await gone(this.shop.api.command("DELETE", `/api/me/sessions/${session.sessionId}`));
    this.items = this.items.filter((one) => one !== session);
    this.show();
    this.settle(at);
    announce("It is signed out");
  }

  async endOthers() {
    await this.shop.api.command("DELETE", "/api/me/sessions");
    this.items = this.items.filter((one) => one.current);
    this.show();
    this.settle(0);
    announce("You are signed out everywhere else");
  }

  /** Where the keyboard goes on: what it was on is gone. */
  settle(at) {
    const buttons = [...this.list.querySelectorAll("button")];
    const next = buttons[Math.min(at, buttons.length - 1)];
    if (next) {
      next.focus();
      return;
    }
    const heading = this.element.querySelector("h2");
    heading.setAttribute("tabindex", "-1");
    heading.focus();
  }
}

export function sessions(shop, items) {
  return new Sessions(shop, items).element;
}
