/* The page of one product, as the sibling that is chosen of its family. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { moment } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { notice } from "../lib/states.js";
import { attributes } from "./attributes.js";
import { cards, stock } from "./card.js";
import { categoryAddress } from "./criteria.js";
import { dropPanel } from "./drops.js";
import { gallery } from "./gallery.js";
import { buyButton, delivery, offers, price } from "./offers.js";
import { askReviews, reviews } from "./reviews.js";
import { stars } from "./stars.js";
import { axes, offersOf, variantOf, variantText } from "./variants.js";
import { WishButton } from "./wishbutton.js";

const BESIDE = 4;
const QUANTITIES = 10;

function breadcrumbs(category) {
  const steps = category.map((name, index) => ({ name, path: category.slice(0, index + 1).join("/") }));
  return h(
    "nav",
    { class: "crumbs", "aria-label": "Breadcrumbs" },
    h(
      "ol",
      {},
      h("li", {}, h("a", { href: "/search" }, "All")),
      steps.map(({ name, path }) => h("li", {}, h("a", { href: categoryAddress(path) }, name))),
    ),
  );
}

/** A price that holds for a time only. */
function occasion(offer) {
  if (!offer.priceName && !offer.priceEndsAt) return null;
  const until = offer.priceEndsAt ? `until ${moment(offer.priceEndsAt)}` : null;
  return h("p", { class: "line occasion" }, [offer.priceName, until].filter(Boolean).join(", "));
}

/** The best of these offers that goes there, ready to be bought. */
function best(shop, product, sold, drops, deliveries) {
  const offer = sold.find(({ deliverable }) => deliverable);
  if (product.discontinued)
    return notice(
      "info",
      "No longer made",
      h("p", {}, "Nobody sells it any more; this page stays for those who bought it."),
    );
  if (!offer && sold.length > 0)
    return notice(
      "info",
      "Nobody delivers it there",
      h("p", {}, "Its sellers do not ship to your address, or to where you chose."),
    );
  if (!offer)
    return notice(
      "info",
      "Nobody sells it at the moment",
      h("p", {}, "Look again later, or search for something like it."),
    );
  const said = h("div", { class: "said" });
  const drop = drops.find(({ shopId, sku }) => shopId === offer.shopId && sku === offer.sku);
  const most = Math.max(1, Math.min(QUANTITIES, offer.available, offer.limitPerAccount ?? QUANTITIES));
  const amount = h(
    "select",
    { id: "quantity" },
    Array.from({ length: most }, (_, at) => h("option", { value: at + 1 }, at + 1)),
  );
  return h(
    "div",
    { class: "buy" },
    h("p", { class: "best" }, price(offer), stock(offer)),
    occasion(offer),
    h("p", { class: "quiet" }, "Sold by ", h("strong", {}, offer.shopName), " ", offer.sellerRating ? stars(offer.sellerRating, "rating") : null),
    h("p", { class: "line" }, icon("truck"), delivery(offer, deliveries)),
    h("p", { class: "line" }, icon("card"), "You pay once, however many sellers"),
    offer.limitPerAccount
      ? h("p", { class: "line" }, icon("info"), `At most ${offer.limitPerAccount} per customer`)
      : null,
    drop ? dropPanel(shop, drop) : null,
    h(
      "div",
      { class: "add" },
      h("label", { for: "quantity" }, "Quantity"),
      amount,
      buyButton(shop, offer, product.title, said, () => Number(amount.value)),
    ),
    said,
  );
}

function title(product) {
  const brand = product.brand ? `/search?${new URLSearchParams({ brand: product.brand })}` : null;
  return [
    brand ? h("p", { class: "brand" }, h("a", { href: brand }, product.brand)) : null,
    h("h1", { lang: product.language }, product.title),
    product.rating ? stars(product.rating) : null,
  ];
}

function description({ title, description, language }) {
  if (!description || description === title) return null;
  const parts = description.split(/\n+/).map((part) => h("p", { lang: language }, part));
  return h("section", { class: "prose" }, h("h2", {}, "Description"), parts);
}

/** The parts that depend on which of a family is chosen; the address says which, and keeps saying it. */
class Chosen {
  constructor(shop, product, sku, drops, deliveries) {
    this.shop = shop;
    this.product = product;
    this.drops = drops;
    this.deliveries = deliveries;
    this.axes = h("div", { class: "axes" });
    this.best = h("div", {});
    this.wish = product.discontinued ? null : new WishButton(shop, product.title);
    this.offers = h("div", {});
    this.attributes = h("div", {});
    this.show(variantOf(product, sku));
  }

  show(variant) {
    const { shop, product } = this;
    this.variant = variant;
    const sold = offersOf(product, variant);
    put(this.axes, axes(product, variant, (other, axis) => this.choose(other, axis)));
    put(this.best, best(shop, product, sold, this.drops, this.deliveries));
    put(this.offers, sold.length > 0 ? offers(shop, product, sold, this.deliveries) : null);
    put(this.attributes, attributes(product, variant));
    this.wish?.choose(variant.sku);
  }

  choose(variant, axis) {
    const query = new URLSearchParams(location.search);
    query.set("sku", variant.sku);
    history.replaceState(history.state, "", `?${query}`);
    this.show(variant);
    [...this.axes.querySelectorAll("input:checked")].find((one) => one.name === `axis-${axis}`)?.focus();
    announce(`${variantText(this.product, variant)} is chosen`);
  }
}

export async function productPage({ parameters: [productId], query }, shop) {
  const { api } = shop;
  const quietly = (asked) =>
    asked.then(
      ({ body }) => body.items,
      () => [],
    );
  const shipTo = query.get("shipTo");
  const path = `/api/products/${encodeURIComponent(productId)}`;
  const destination = shipTo ? { shipTo } : null;
  const deliveries = quietly(api.get(`${path}/delivery`, destination)).then(
    (items) => new Map(items.map((one) => [one.offerId, one])),
  );
  const [{ body: product }, said, beside, drops] = await Promise.all([
    api.get(path, destination),
    askReviews(api, path).catch(() => ({ items: [] })),
    quietly(api.get(`${path}/also-bought`, { limit: BESIDE })),
    quietly(api.get("/api/drops", { productId })),
  ]);
  shop.signals.viewed(product.productId);
  const chosen = new Chosen(shop, product, query.get("sku"), drops, deliveries);
  chosen.wish?.resume();
  return {
    title: product.title,
    content: [
      breadcrumbs(product.category),
      h(
        "div",
        { class: "product" },
        gallery(product),
        h("div", {}, title(product), chosen.axes, chosen.best, chosen.wish?.element),
      ),
      chosen.offers,
      description(product),
      chosen.attributes,
      reviews(said, (cursor) => askReviews(api, path, cursor)),
      beside.length > 0 ? h("section", {}, h("h2", {}, "Goes well with it"), cards(beside)) : null,
    ],
  };
}
