/* The filters beside a result. Each box leads to the result with it turned over; categories are links down the tree. */

import { h } from "../lib/dom.js";
import { countries, country } from "../lib/countries.js";
import { money, number, short } from "../lib/format.js";
import { nameText } from "./attributes.js";

const SHOWN = 7;
const ANYWHERE = "*";

/** A country, or a part of one as ISO 3166-2 has it: US-CA. */
export function placeText(place) {
  if (place === ANYWHERE) return "Anywhere";
  const [code, part] = place.split("-");
  return part ? `${country(code)} (${part})` : country(code);
}

/** A shop by its name; by the end of its id while that is not known. */
export function sellerText({ value, name }) {
  return name ?? `Seller ${short(value)}`;
}

export function priceText(low, high, currency) {
  const cents = (amount) => money({ amount, currency }).replace(/\.00$/, "");
  if (low === null) return `Under ${cents(high)}`;
  return high === null ? `${cents(low)} and more` : `${cents(low)} to ${cents(high)}`;
}

function group(title, content, open) {
  return h("details", { class: "facet", open }, h("summary", {}, title), content);
}

function choice(shop, text, count, on, to) {
  const box = h("input", { type: "checkbox", checked: on, "data-to": to, onchange: () => shop.narrow(to) });
  return h(
    "li",
    {},
    h(
      "label",
      {},
      box,
      h("span", { class: "value" }, text),
      count === null ? null : h("span", { class: "quiet" }, number(count)),
    ),
  );
}

/** The first few, and the rest behind a word; whatever is chosen always shows. `text` words a bucket. */
function choices(shop, criteria, name, buckets, text = ({ value }) => value) {
  const chosen = criteria.query.getAll(name).filter((value) => !buckets.some((bucket) => bucket.value === value));
  const all = [...chosen.map((value) => ({ value, count: 0 })), ...buckets];
  const item = (bucket) =>
    choice(shop, text(bucket), bucket.count, criteria.has(name, bucket.value), criteria.toggled(name, bucket.value));
  const first = all.filter((bucket, index) => index < SHOWN || criteria.has(name, bucket.value));
  const rest = all.filter((bucket) => !first.includes(bucket));
  return [
    h("ul", { role: "list" }, first.map(item)),
    rest.length > 0
      ? h(
          "details",
          { class: "more" },
          h("summary", {}, `${rest.length} more`),
          h("ul", { role: "list" }, rest.map(item)),
        )
      : null,
  ];
}

/** Where one is in the tree, the way up, and what lies below. */
function categories(criteria, buckets) {
  const here = criteria.get("category");
  const depth = here ? here.split("/").length : 0;
  const below = buckets.filter(
    ({ value }) => value.split("/").length === depth + 1 && (!here || value.startsWith(`${here}/`)),
  );
  const steps = here ? here.split("/") : [];
  const labels = new Map(buckets.map(({ value, label }) => [value, label]));
  const nameOf = (path) => labels.get(path) ?? path.split("/").pop();
  const up = steps.map((_, index) => ({
    name: nameOf(steps.slice(0, index + 1).join("/")),
    path: steps.slice(0, index).join("/") || null,
    here: index === steps.length - 1,
  }));
  return [
    h("ul", { class: "tree", role: "list" }, [
      up.map(({ name, path, here: last }) =>
        h(
          "li",
          { class: last ? "here" : null },
          h("a", { class: "drop", href: criteria.with({ category: path }), "aria-label": `Leave ${name}` }, "‹ "),
          h("span", {}, name),
        ),
      ),
      below
        .slice(0, 20)
        .map(({ value, count }) =>
          h(
            "li",
            {},
            h("a", { href: criteria.with({ category: value }) }, nameOf(value)),
            h("span", { class: "quiet" }, number(count)),
          ),
        ),
    ]),
  ];
}

function prices(shop, criteria, buckets) {
  const items = buckets.map(({ value, count }) => {
    const [low, end] = value.split("-").map((part) => (part === "" ? null : Number(part)));
    const high = end === null || Number.isNaN(end) ? null : end - 1;
    const on =
      criteria.get("priceMin") === String(low) && criteria.get("priceMax") === (high === null ? null : String(high));
    const to = criteria.with(
      on
        ? { priceMin: null, priceMax: null }
        : { priceMin: String(low), priceMax: high === null ? null : String(high) },
    );
    return choice(shop, priceText(low === 0 ? null : low, end, shop.currency), count, on, to);
  });
  return h("ul", { role: "list" }, items);
}

function ratings(shop, criteria, buckets) {
  return h(
    "ul",
    { role: "list" },
    buckets.map(({ value, count }) =>
      choice(
        shop,
        `${value} stars and more`,
        count,
        criteria.has("ratingMin", value),
        criteria.toggled("ratingMin", value),
      ),
    ),
  );
}

/** Whoever is signed in and has an address is shown what goes there, unless they say otherwise. */
function destination(shop, criteria, address) {
  const current = criteria.get("shipTo") ?? "";
  const unsaid = address
    ? [
        ["", `Your address (${country(address.country)})`],
        [ANYWHERE, "Anywhere"],
      ]
    : [["", "Anywhere"]];
  const listed = [...unsaid, ...countries];
  if (!listed.some(([code]) => code === current)) listed.splice(unsaid.length, 0, [current, placeText(current)]);
  const options = listed.map(([code, name]) => h("option", { value: code, selected: code === current }, name));
  const chosen = (event) => shop.narrow(criteria.with({ shipTo: event.target.value || null }));
  return h("label", { class: "destination" }, h("span", {}, "Deliver to"), h("select", { onchange: chosen }, options));
}

function availability(shop, criteria, buckets) {
  const counts = new Map(buckets.map(({ value, count }) => [value, count]));
  const item = (value, text) =>
    choice(shop, text, counts.get(value) ?? 0, criteria.has("inStock", value), criteria.toggled("inStock", value));
  const soldOut = counts.has("false") || criteria.has("inStock", "false");
  return h("ul", { role: "list" }, item("true", "In stock only"), soldOut ? item("false", "Sold out") : null);
}

export function facets(shop, criteria, found, address) {
  const { category, brand, price, rating, seller, attributes, attributeLabels } = found;
  return [
    group(
      "Availability",
      [availability(shop, criteria, found.availability), destination(shop, criteria, address)],
      true,
    ),
    category.length > 0 || criteria.get("category") ? group("Category", categories(criteria, category), true) : null,
    price.length > 0 ? group("Price", prices(shop, criteria, price), true) : null,
    brand.length > 0 || criteria.get("brand") ? group("Brand", choices(shop, criteria, "brand", brand), true) : null,
    rating.length > 0 ? group("Rating", ratings(shop, criteria, rating), true) : null,
    seller.length > 0 || criteria.get("seller")
      ? group("Seller", choices(shop, criteria, "seller", seller, sellerText), true)
      : null,
    Object.entries(attributes).map(([name, buckets]) =>
      group(nameText(name, attributeLabels), choices(shop, criteria, `attr.${name}`, buckets), criteria.query.has(`attr.${name}`)),
    ),
  ];
}
