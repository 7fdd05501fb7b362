/* All sellers of a product, or of one sibling of a family, side by side, the best offer first. */

import { announce } from "../lib/announce.js";
import { country } from "../lib/countries.js";
import { h, put } from "../lib/dom.js";
import { money, plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { stock } from "./card.js";
import { once } from "./once.js";
import { stars } from "./stars.js";

/** What delivery costs and how long it takes, once that is known. `deliveries` is promised, by offer. */
export function delivery({ offerId, shipsTo }, deliveries) {
  const said = h("span", {}, shipsTo.includes("*") ? "Delivers everywhere" : `Delivers to ${shipsTo.join(", ")}`);
  deliveries.then((known) => {
    const found = known.get(offerId);
    if (found) put(said, told(found));
  });
  return said;
}

function told({ shipTo, methods }) {
  if (methods.length === 0) return `Does not deliver to ${country(shipTo)}`;
  const cheapest = methods.reduce((one, other) => (other.amount.amount < one.amount.amount ? other : one));
  const { amount, daysMin, daysMax } = cheapest;
  return `${money(amount)} to ${country(shipTo)}, ${daysMin} to ${daysMax} days`;
}

/** Puts an offer into the cart, and says so beside the button. One of many has no `quantity`, and takes one. */
export function buyButton(shop, offer, title, said, quantity = null) {
  const buy = once(said, async () => {
    await shop.basket.add(offer.sku, offer.shopId, quantity?.() ?? 1);
    shop.signals.carted();
    put(
      said,
      h("p", { class: "added" }, icon("check", 18), " In your cart. ", h("a", { href: "/cart" }, "Go to the cart")),
    );
    announce(`${title} is in your cart: ${plural(shop.basket.quantity, "item")}`);
  });
  return h(
    "button",
    {
      class: quantity ? "button" : "button quiet",
      type: "button",
      onclick: buy,
      disabled: !offer.inStock || !offer.deliverable,
      "aria-label": offer.inStock && offer.deliverable ? `Add to cart from ${offer.shopName}` : null,
    },
    !offer.deliverable ? "Not delivered there" : offer.inStock ? "Add to cart" : "Sold out",
  );
}

export function price(offer) {
  const before = offer.listPrice && offer.listPrice.amount > offer.price.amount ? offer.listPrice : null;
  return h(
    "span",
    { class: "price" },
    money(offer.price),
    before ? [" ", h("s", {}, h("span", { class: "unseen" }, "before "), money(before))] : null,
  );
}

export function offers(shop, product, sold, deliveries) {
  const said = h("div", { class: "said" });
  const rows = sold.map((offer, index) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        offer.shopName,
        " ",
        offer.sellerRating ? stars(offer.sellerRating, "rating") : null,
        index === 0 && offer.inStock && offer.deliverable ? h("span", { class: "tag" }, "Best offer") : null,
      ),
      h("td", {}, price(offer)),
      h("td", {}, delivery(offer, deliveries)),
      h("td", {}, stock(offer)),
      h("td", {}, buyButton(shop, offer, product.title, said)),
    ),
  );
  return h(
    "section",
    { class: "offers", "aria-labelledby": "offers" },
    h("h2", { id: "offers" }, plural(sold.length, "offer"), sold.length > 1 ? " compared" : null),
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Seller", "Price", "Delivery", "Stock"].map((name) => h("th", { scope: "col" }, name)),
          h("td", {}),
        ),
      ),
      h("tbody", {}, rows),
    ),
    said,
  );
}
