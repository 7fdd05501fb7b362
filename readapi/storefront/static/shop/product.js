/* The page of one product. */

import { h } from "../lib/dom.js";
import { capital, day } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { notice } from "../lib/states.js";
import { cards, stock } from "./card.js";
import { buyButton, delivery, offers, price } from "./offers.js";
import { picture } from "./picture.js";
import { stars } from "./stars.js";

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
      steps.map(({ name, path }) =>
        h("li", {}, h("a", { href: `/search?${new URLSearchParams({ category: path })}` }, name)),
      ),
    ),
  );
}

/** The best offer, ready to be bought. */
function best(shop, product) {
  const offer = product.bestOffer;
  if (product.discontinued)
    return notice(
      "info",
      "No longer made",
      h("p", {}, "Nobody sells it any more; this page stays for those who bought it."),
    );
  if (!offer)
    return notice(
      "info",
      "Nobody sells it at the moment",
      h("p", {}, "Look again later, or search for something like it."),
    );
  const said = h("div", { class: "said" });
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
    h("p", { class: "quiet" }, "Sold by ", h("strong", {}, offer.shopName)),
    h("p", { class: "line" }, icon("truck"), delivery(offer)),
    h("p", { class: "line" }, icon("card"), "You pay once, however many sellers"),
    offer.limitPerAccount
      ? h("p", { class: "line" }, icon("info"), `At most ${offer.limitPerAccount} per customer`)
      : null,
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

function attributes(product) {
  const known = Object.entries({ ...product.attributes, ...(product.variants[0]?.attributes ?? {}) }).filter(
    ([name]) => name !== "gtins",
  );
  if (known.length === 0) return null;
  const rows = known.map(([name, value]) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, capital(name)),
      h("td", {}, typeof value === "boolean" ? (value ? "Yes" : "No") : String(value)),
    ),
  );
  return h("section", { class: "attributes" }, h("h2", {}, "Details"), h("table", {}, h("tbody", {}, rows)));
}

function reviews(items) {
  if (items.length === 0) return null;
  const shown = items.map((one) =>
    h(
      "li",
      {},
      stars({ average: one.rating, count: 1 }),
      h("strong", {}, one.title ?? ""),
      h("p", {}, one.text ?? ""),
      h("p", { class: "quiet" }, day(one.updatedAt)),
    ),
  );
  return h("section", {}, h("h2", {}, "What buyers say"), h("ul", { class: "reviews", role: "list" }, shown));
}

export async function productPage({ parameters: [productId] }, shop) {
  const { api } = shop;
  const quietly = (asked) =>
    asked.then(
      ({ body }) => body.items,
      () => [],
    );
  const [{ body: product }, said, beside] = await Promise.all([
    api.get(`/api/products/${encodeURIComponent(productId)}`),
    quietly(api.get(`/api/products/${encodeURIComponent(productId)}/reviews`, { limit: 5 })),
    quietly(api.get(`/api/products/${encodeURIComponent(productId)}/also-bought`, { limit: BESIDE })),
  ]);
  return {
    title: product.title,
    content: [
      breadcrumbs(product.category),
      h(
        "div",
        { class: "product" },
        picture(product, { alt: product.pictures[0]?.alt }),
        h(
          "div",
          {},
          product.brand
            ? h(
                "p",
                { class: "brand" },
                h("a", { href: `/search?${new URLSearchParams({ brand: product.brand })}` }, product.brand),
              )
            : null,
          h("h1", {}, product.title),
          product.rating ? stars(product.rating) : null,
          best(shop, product),
        ),
      ),
      product.offers.length > 0 ? offers(shop, product) : null,
      product.description && product.description !== product.title
        ? h(
            "section",
            { class: "prose" },
            h("h2", {}, "Description"),
            product.description.split(/\n+/).map((part) => h("p", {}, part)),
          )
        : null,
      attributes(product),
      reviews(said),
      beside.length > 0 ? h("section", {}, h("h2", {}, "Goes well with it"), cards(beside)) : null,
    ],
  };
}
