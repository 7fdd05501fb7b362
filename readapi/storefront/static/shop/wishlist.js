/* The wishlist: what it cost when it was wished and costs now, and whether its owner is told when that changes. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { money, plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { empty, refused } from "../lib/states.js";
import { stock } from "./card.js";
import { addressOf, which } from "./goods.js";
import { letterSwitch } from "./letters.js";
import { thumb } from "./thumb.js";
import { own } from "./visitors.js";
import { wishesOf } from "./wishes.js";

const WHY = "What you save from a product's page waits here, and shows when it costs less.";
const WHEN = "Tell me by mail when something here is back in stock or costs less";
const CHANGED = { fell: "costs less than when you saved it", rose: "costs more than when you saved it" };

function change({ priceChange, priceAtAdding }) {
  if (!priceChange) return null;
  return h("p", { class: `price-change ${priceChange}` }, `${money(priceAtAdding)} then: ${CHANGED[priceChange]}`);
}

function row(shop, item, act) {
  const buyable = item.inStock && !item.discontinued;
  const add = () => act(shop.basket.add(item.sku, null, 1), `${item.title} is in your cart`);
  const out = () =>
    act(
      wishesOf(shop.api).remove(item.sku),
      `${item.title} was taken off`,
      () => element.remove(),
    );
  const element = h(
    "li",
    { class: "line-item" },
    thumb(shop.api, item.productId),
    h(
      "div",
      { class: "what" },
      h(
        "a",
        { class: "title", lang: item.language, href: addressOf(item) },
        item.title,
      ),
      which(shop.api, item),
      item.discontinued ? h("p", { class: "quiet" }, "No longer made") : h("p", {}, stock(item)),
      change(item),
    ),
    h("span", { class: "price" }, item.price ? money(item.price) : "No offer"),
    buyable
      ? h(
          "button",
          { class: "button", type: "button", "aria-label": `Add to cart: ${item.title}`, onclick: add },
          "Add to cart",
        )
      : null,
    h(
      "button",
      { class: "button bare", type: "button", "aria-label": `Take ${item.title} off`, onclick: out },
      icon("trash"),
    ),
  );
  return element;
}

function nothing() {
  return empty(
    "heart",
    "Nothing saved yet",
    WHY,
    h("a", { class: "button", href: "/search" }, "Look around"),
  );
}

export const wishlistPage = own("Your wishlist", WHY, async (_, shop) => {
  const { api } = shop;
  const said = h("div", { class: "said" });
  const list = h("ul", { class: "line-items", role: "list", "aria-label": "Saved" });
  const more = h("p", { class: "actions" });
  const content = h("div", {});
  const heading = h("h1", { tabindex: "-1" }, "Your wishlist");

  async function act(change, words, then = () => null) {
    put(said);
    try {
      await change;
      then();
      announce(words);
      if (list.children.length === 0) put(content, nothing());
      if (!list.contains(document.activeElement)) heading.focus();
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(said, refused(problem));
    }
  }

  async function page(cursor) {
    const { body } = await api.get("/api/wishlist", cursor ? { cursor } : null);
    list.append(...body.items.map((item) => row(shop, item, act)));
    const next = () => page(body.next).catch((problem) => put(more, refused(problem)));
    put(more, body.next ? h("button", { class: "button quiet", type: "button", onclick: next }, "Show more") : null);
    if (cursor) announce(`${plural(body.items.length, "item")} more`);
  }

  const [{ body: me }] = await Promise.all([api.get("/api/me"), page(null)]);
  const letters = h("div", { class: "panel" }, letterSwitch(api, "wishes", me.notifications.wishes, said, WHEN));
  put(content, list.children.length > 0 ? [list, more] : nothing());
  return { title: "Your wishlist", content: [heading, letters, said, content] };
});
