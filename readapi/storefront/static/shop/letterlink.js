/* Pages to which the links of letters lead. What a link brings is behind the #, which is sent to no server; and it
   leaves the address, so that nobody finds it there later. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
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
