/* The storefront begins here. */

import { listen } from "../lib/announce.js";
import { Api } from "../lib/api.js";
import { h } from "../lib/dom.js";
import { Router } from "../lib/router.js";
import { Signals } from "../lib/signals.js";
import { empty } from "../lib/states.js";
import { takeOver } from "../lib/takeover.js";
import { accountPage } from "./account.js";
import { Basket } from "./basket.js";
import { cartPage } from "./cart.js";
import { checkout } from "./checkout.js";
import { Combobox } from "./combobox.js";
import { confirmEmailPage } from "./confirmemail.js";
import { footer, header } from "./header.js";
import { home } from "./home.js";
import { newEmailPage } from "./newemail.js";
import { forgottenPage, newPasswordPage } from "./newpassword.js";
import { orderPage } from "./order.js";
import { ordersPage } from "./orders.js";
import { productPage } from "./product.js";
import { category, search } from "./search.js";
import { signIn } from "./signin.js";
import { wishlistPage } from "./wishlist.js";

const api = new Api();
const main = document.querySelector("main");
const shop = { api, basket: new Basket(api), filtersOpen: false, currency: "USD", router: () => router };
shop.signals = new Signals(api);
shop.signOut = () => api.session.signOut().finally(() => router.go("/"));
shop.search = new Combobox(api, (address) => router.go(address));

/** The groups of filters, and what each has behind "more", by name. */
const groups = () =>
  [...main.querySelectorAll(".facet, .facet .more")].map((one) => [
    `${one.closest(".facet").firstChild.textContent} ${one.className}`,
    one,
  ]);

/** Leads to another result and leaves the groups as open as they were, and the focus on the box that was ticked. */
shop.narrow = async (address) => {
  const label = document.activeElement?.closest("label")?.textContent;
  const open = new Map(groups().map(([name, { open }]) => [name, open]));
  await router.go(address, { focus: false });
  for (const [name, one] of groups()) one.open = open.get(name) ?? one.open;
  const again = [...main.querySelectorAll("label")].find((one) => one.textContent === label);
  again?.querySelector("input, select")?.focus({ preventScroll: true });
};

function missing() {
  return {
    title: "Not found",
    content: [
      h("h1", { class: "unseen" }, "Not found"),
      empty(
        "search",
        "There is no such page",
        "It may have moved.",
        h("a", { class: "button", href: "/" }, "Go to the front page"),
      ),
    ],
  };
}

const page = (show) => (visit) => show(visit, shop);
const router = new Router(
  main,
  api.name,
  [
    [/^\/$/, page(home)],
    [/^\/search$/, page(search)],
    [/^\/category\/(.+)$/, page(category)],
    [/^\/product\/([^/]+)$/, page(productPage)],
    [/^\/cart$/, page(cartPage)],
    [/^\/checkout$/, page(checkout)],
    [/^\/orders$/, page(ordersPage)],
    [/^\/orders\/([^/]+)$/, page(orderPage)],
    [/^\/wishlist$/, page(wishlistPage)],
    [/^\/account$/, page(accountPage)],
    [/^\/sign-in$/, page(signIn)],
    [/^\/forgotten-password$/, page(forgottenPage)],
    [/^\/new-password$/, page(newPasswordPage)],
    [/^\/new-email$/, page(newEmailPage)],
    [/^\/confirm-email$/, page(confirmEmailPage)],
  ],
  missing,
);

const top = document.querySelector("header.top");
shop.search.input.value = top.querySelector("input").value; // somebody may have begun to type
takeOver(top, () => top.replaceWith(header(shop)));
document.querySelector("footer.foot").replaceWith(footer(shop));
listen();
router.show(false);
// The count in the head; a page that needs the cart says itself what is wrong with it.
shop.basket.load().catch(() => null);
