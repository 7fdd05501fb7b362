/* Somebody's own account: who they are, where to, paid by what, which letters, and the way out. */

import { h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { AddressBook } from "./addressbook.js";
import { deletion } from "./farewell.js";
import { letterSwitch } from "./letters.js";
import { profile } from "./profile.js";
import { secondFactor } from "./secondfactor.js";
import { sessions } from "./sessions.js";
import { own } from "./visitors.js";
import { Wallet } from "./wallet.js";

const WHY = "Your name, addresses, cards and letters are kept there.";

function tile(href, drawn, title, text) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "tile lead", href },
      icon(drawn, 26),
      h("span", { class: "title" }, title),
      h("span", { class: "quiet" }, text),
    ),
  );
}

function letters(api, { orders, wishes }) {
  const said = h("div", { class: "said" });
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, "Letters"),
    letterSwitch(api, "orders", orders, said, "Tell me by mail what becomes of my orders"),
    letterSwitch(api, "wishes", wishes, said, "Tell me by mail when something I saved is back in stock or costs less"),
    said,
  );
}

/** What is shown is somebody's own: it goes as soon as they are signed out, be it in another tab. */
function leaving({ api, router }) {
  const changed = () => {
    if (!api.session.signedIn) router().show();
  };
  api.session.addEventListener("change", changed);
  return () => api.session.removeEventListener("change", changed);
}

export const accountPage = own("Your account", WHY, async (_, shop) => {
  const { api } = shop;
  const paths = ["/api/me", "/api/me/sessions", "/api/me/second-factor"];
  const [me, signedIn, factor] = (await Promise.all(paths.map((path) => api.get(path)))).map(({ body }) => body);
  const leave = leaving(shop);
  const content = [
    h("h1", {}, "Your account"),
    h(
      "ul",
      { class: "tiles leads", role: "list" },
      tile("/orders", "box", "Your orders", "Every step of their way"),
      tile("/wishlist", "heart", "Your wishlist", "What you saved for later"),
      me.scopes.includes("admin") ? tile("/console", "gauge", "Console", `For those who run ${api.name}`) : null,
    ),
    h(
      "div",
      { class: "halves" },
      h("div", {}, profile(shop, me), new AddressBook(api, me.addresses).element, sessions(shop, signedIn.items)),
      h(
        "div",
        {},
        new Wallet(api, me.paymentMethods).element,
        secondFactor(api, factor),
        letters(api, me.notifications),
        deletion(shop, me, leave),
      ),
    ),
  ];
  return { title: "Your account", content, leave };
});
