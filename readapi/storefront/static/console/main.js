/* The operator's console begins here. */

import { listen } from "../lib/announce.js";
import { Api } from "../lib/api.js";
import { h, put } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { mark } from "../lib/mark.js";
import { Router } from "../lib/router.js";
import { empty } from "../lib/states.js";
import { history } from "./history.js";
import { moneyPanel } from "./money.js";
import { order } from "./order.js";
import { orders } from "./orders.js";
import { overview } from "./overview.js";
import { parked } from "./parked.js";
import { projections } from "./projections.js";
import { reviews } from "./reviews.js";
import { signIn } from "./signin.js";
import { stock } from "./stock.js";
import { keepTime } from "./times.js";

const PANELS = [
  ["/console", "Overview", "home"],
  ["/console/orders", "Orders", "list"],
  ["/console/stock", "Stock", "box"],
  ["/console/reviews", "Reviews", "eye"],
  ["/console/money", "Money", "scales"],
  ["/console/history", "History", "search"],
  ["/console/projections", "Projections", "gauge"],
  ["/console/parked", "Parked", "pause"],
];

const api = new Api();
const main = h("main", { id: "main" });
const nav = h("nav", { class: "panels", "aria-label": "Console" });
const account = h("div", { class: "account" });
const console_ = { api, router: () => router };

/** Only administrators see panels; who is none, or nobody yet, is asked to sign in first. */
function page(panel) {
  return async (visit) => {
    await api.session.token();
    chrome();
    if (api.session.scopes.includes("admin")) return panel(visit, console_);
    return { title: "Sign in", content: signIn(console_) };
  };
}

function chrome() {
  const inside = api.session.scopes.includes("admin");
  const here = PANELS.map(([path]) => path)
    .filter((path) => location.pathname === path || (path !== "/console" && location.pathname.startsWith(`${path}/`)))
    .pop();
  put(
    nav,
    inside
      ? PANELS.map(([path, text, drawn]) =>
          h("a", { href: path, "aria-current": path === here ? "page" : null }, icon(drawn), h("span", {}, text)),
        )
      : null,
  );
  nav.hidden = !inside;
  const out = () => api.session.signOut();
  put(
    account,
    h("a", { href: "/" }, "To the shop"),
    api.session.signedIn ? h("button", { class: "button quiet", type: "button", onclick: out }, "Sign out") : null,
  );
}

function missing() {
  return {
    title: "Not found",
    content: [
      h("h1", { class: "unseen" }, "Not found"),
      empty(
        "search",
        "There is no such panel",
        "It may have moved.",
        h("a", { class: "button", href: "/console" }, "Overview"),
      ),
    ],
  };
}

const router = new Router(
  main,
  `${api.name} console`,
  [
    [/^\/console\/?$/, page(overview)],
    [/^\/console\/orders$/, page(orders)],
    [/^\/console\/orders\/([^/]+)$/, page(order)],
    [/^\/console\/stock$/, page(stock)],
    [/^\/console\/reviews$/, page(reviews)],
    [/^\/console\/money$/, page(moneyPanel)],
    [/^\/console\/history$/, page(history)],
    [/^\/console\/projections$/, page(projections)],
    [/^\/console\/parked$/, page(parked)],
  ],
  missing,
);

document.body.append(
  h(
    "header",
    { class: "top" },
    h(
      "a",
      { class: "name", href: "/console" },
      mark(),
      h("span", {}, `${api.name} `, h("span", { class: "sub" }, "Console")),
    ),
    account,
  ),
  h("div", { class: "frame" }, nav, main),
);
listen();
keepTime();
// Whoever signs in or out, or has been away for too long, here or in another tab.
api.session.addEventListener("change", () => router.show());
router.show(false);
