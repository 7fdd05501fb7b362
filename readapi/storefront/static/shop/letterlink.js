/* Pages to which the links of letters lead. What a link brings is behind the #, which is sent to no server; and it
   leaves the address, so that nobody finds it there later. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { empty } from "../lib/states.js";
import { focusHeading } from "./focus.js";

/* By page, for as long as this tab lives: who looks at something else meanwhile comes back to it. */
const tokens = new Map();

/** The token with which this page was opened; empty if there was none. */
export function tokenHere() {
  const found = location.hash.slice(1);
  if (found) {
    tokens.set(location.pathname, found);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return tokens.get(location.pathname) ?? "";
}

export function tokenUsed() {
  tokens.delete(location.pathname);
}

/** Calls when another link is pasted over this page's address, which loads no page. Ends with what it returns. */
export function whenAnotherComes(show) {
  const came = () => {
    if (location.hash.length > 1) show();
  };
  addEventListener("hashchange", came);
  return () => removeEventListener("hashchange", came);
}

/** For a link that lost its end on the way. */
export function notWhole(heading, text, ...actions) {
  return [h("h1", {}, heading), empty("mail", "This address is not whole", text, ...actions)];
}

/** Shows that something is done in the place of the form that did it. */
export function done(heading, icon, title, text, ...actions) {
  put(document.querySelector("main"), h("h1", {}, heading), empty(icon, title, text, ...actions));
  announce(title);
  focusHeading();
}

/** The page that confirms an e-mail address at `path` of the interface once somebody presses: programs that look
    through mail open links, too. `otherwise` says what helps where the link is not whole. */
export function addressPage(shop, { title, otherwise, path, confirmed, then }) {
  const toAccount = h("a", { class: "button", href: "/account" }, "Your account");
  const token = tokenHere();
  const leave = whenAnotherComes(() => shop.router().show());
  if (!token) return { title, content: notWhole(title, otherwise, toAccount), leave };

  async function confirm() {
    await shop.api.command("POST", path, { token });
    tokenUsed();
    done(title, "check", confirmed, then, toAccount);
  }

  return {
    title,
    content: h(
      "section",
      { class: "panel narrow" },
      h("h1", {}, title),
      h("p", {}, "You opened the link of a letter that went to it."),
      form(confirm, h("button", { class: "button", type: "submit" }, "Confirm this address")),
    ),
    leave,
  };
}
