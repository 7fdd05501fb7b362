/* The head of every page: name, search, account, cart. */

import { h, put } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { mark } from "../lib/mark.js";

export function header(shop) {
  const { api, basket } = shop;
  const account = h("div", { class: "account" });
  const count = h("span", { class: "count" });
  const units = h("span", { class: "unseen" });
  const cart = h(
    "a",
    { class: "tool", href: "/cart" },
    icon("cart", 24),
    h("span", { class: "word" }, "Cart"),
    count,
    units,
  );

  function showAccount() {
    if (!api.session.signedIn) {
      put(
        account,
        h("a", { class: "tool", href: "/sign-in" }, icon("person", 24), h("span", { class: "word" }, "Sign in")),
      );
      return;
    }
    put(
      account,
      h("a", { class: "tool", href: "/account" }, icon("person", 24), h("span", { class: "word" }, "Account")),
      h("a", { class: "tool", href: "/orders" }, icon("box", 24), h("span", { class: "word" }, "Orders")),
      h("a", { class: "tool", href: "/wishlist" }, icon("heart", 24), h("span", { class: "word" }, "Wishlist")),
      h(
        "button",
        { class: "tool plain leave", type: "button", onclick: shop.signOut },
        icon("leave", 24),
        h("span", {}, "Sign out"),
      ),
    );
  }

  function showCart() {
    const quantity = basket.quantity;
    count.textContent = quantity > 99 ? "99+" : String(quantity);
    count.hidden = quantity === 0;
    units.textContent = quantity === 0 ? "empty" : quantity === 1 ? " item" : " items";
  }

  api.session.addEventListener("change", showAccount);
  basket.addEventListener("change", showCart);
  showAccount();
  showCart();
  return h(
    "header",
    { class: "top" },
    h(
      "div",
      { class: "wide" },
      h("a", { class: "name", href: "/" }, mark(), h("span", {}, api.name)),
      shop.search.element,
      h("nav", { class: "tools", "aria-label": "Account and cart" }, account, cart),
    ),
  );
}

export function footer(shop) {
  return h(
    "footer",
    { class: "foot" },
    h(
      "div",
      { class: "wide" },
      h("p", {}, `${shop.api.name}: many sellers, one cart, one checkout.`),
      h(
        "nav",
        { "aria-label": "About" },
        h("a", { href: "/search" }, "All products"),
        h("a", { href: "/account" }, "Your account"),
        h("a", { href: "/orders" }, "Your orders"),
        h("a", { href: "/wishlist" }, "Your wishlist"),
        h("a", { href: "/openapi.json" }, "API"),
        h("a", { href: "/console" }, "Console"),
      ),
    ),
  );
}
