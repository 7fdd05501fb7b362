/* A result: what was found, narrowed by facets, sorted, page by page. */

import { announce } from "../lib/announce.js";
import { h } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { empty } from "../lib/states.js";
import { cards } from "./card.js";
import { Criteria, PAGES_MAX, PER_PAGE, SORTS } from "./criteria.js";
import { facets, placeText, priceText, sellerText } from "./facets.js";

/* From here on the filters stand beside the result, and are not behind a button. */
const WIDE = matchMedia("(min-width: 60rem)");

/** What a category is called in the reader's language, if that is known, or by its own name. */
function categoryText(path, buckets) {
  return buckets.find(({ value }) => value === path)?.label ?? path.split("/").pop();
}

function heading(criteria, { category }) {
  const words = criteria.get("q");
  if (words) return `Results for “${words}”`;
  const path = criteria.get("category");
  return (path && categoryText(path, category)) ?? (criteria.query.getAll("brand").join(", ") || "All products");
}

function worded(shop, criteria, name, value, { seller, category }) {
  if (name === "inStock") return value === "true" ? "In stock" : "Sold out";
  if (name === "shipTo") return `Deliver to: ${placeText(value)}`;
  if (name === "seller") return sellerText(seller.find((one) => one.value === value) ?? { value });
  if (name === "ratingMin") return `${value} stars and more`;
  if (name === "category") return categoryText(value, category);
  if (name === "priceMin" || name === "priceMax") {
    const high = criteria.get("priceMax");
    const low = Number(criteria.get("priceMin") ?? 0);
    return priceText(low === 0 ? null : low, high === null ? null : Number(high) + 1, shop.currency);
  }
  return name.startsWith("attr.") ? `${name.slice(5)}: ${value}` : value;
}

function chosen(shop, criteria, facets) {
  const filters = criteria.filters;
  if (filters.length === 0) return null;
  return h(
    "p",
    { class: "chips" },
    filters.map(([name, value]) => {
      const text = worded(shop, criteria, name, value, facets);
      const to = name.startsWith("price")
        ? criteria.with({ priceMin: null, priceMax: null })
        : criteria.toggled(name, value);
      return h("a", { class: "chip on", href: to, "aria-label": `Remove the filter ${text}` }, text, icon("cross", 14));
    }),
    h("a", { href: criteria.cleared() }, "Clear all"),
  );
}

/** How more was found than the words find, and what may have been meant by them. */
function meant(criteria, { suggestion, rescued }) {
  const to = suggestion
    ? h("a", { class: "meant-words", href: criteria.with({ q: suggestion, page: null }) }, suggestion)
    : null;
  if (rescued === "spelling")
    return h("p", { class: "meant" }, `Nothing has “${criteria.get("q")}”. These were found for `, to, ".");
  return [
    to ? h("p", { class: "meant" }, "Did you mean ", to, "?") : null,
    rescued === "fewer_words"
      ? h("p", { class: "meant quiet" }, "Few products have all of these words, so those with some of them follow.")
      : null,
  ];
}

const pagesOf = (total) => Math.min(Math.ceil(total / PER_PAGE), PAGES_MAX);
const pageOf = (criteria) => Number(criteria.get("page") ?? 1);

function pager(criteria, total) {
  const page = pageOf(criteria);
  const pages = pagesOf(total);
  if (pages <= 1) return null;
  const to = (at) => criteria.with({ page: at === 1 ? null : String(at) });
  return h(
    "nav",
    { class: "pager", "aria-label": "Pages" },
    page > 1 ? h("a", { class: "button quiet", rel: "prev", href: to(page - 1) }, icon("left", 16), "Previous") : null,
    h("span", {}, `Page ${number(page)} of ${number(pages)}`),
    page < pages ? h("a", { class: "button quiet", rel: "next", href: to(page + 1) }, "Next", icon("right", 16)) : null,
  );
}

function nothing(criteria) {
  const filtered = criteria.filters.length > 0;
  return empty(
    "search",
    "Nothing found",
    filtered ? "No product fits all of these filters." : "Check the spelling, or try fewer and more common words.",
    filtered
      ? h("a", { class: "button", href: criteria.cleared() }, "Search without filters")
      : h("a", { class: "button", href: "/search" }, "See all products"),
  );
}

function sorting(shop, criteria) {
  const current = criteria.get("sort") ?? "relevance";
  const options = SORTS.map(([value, text]) => h("option", { value, selected: value === current }, text));
  return h(
    "label",
    { class: "sorting" },
    h("span", {}, "Sort"),
    h(
      "select",
      {
        onchange: (event) =>
          shop.narrow(criteria.with({ sort: event.target.value === "relevance" ? null : event.target.value })),
      },
      options,
    ),
  );
}

/** Behind a button where there is no room beside the result, also when a tablet is turned. */
function filters(shop, ...shown) {
  const noted = () => {
    if (!WIDE.matches) shop.filtersOpen = made.open;
  };
  const made = h(
    "details",
    { class: "filters", ontoggle: noted },
    h("summary", { class: "button quiet" }, icon("sliders", 18), "Filters"),
    h("div", { role: "group", "aria-label": "Filters" }, shown),
  );
  const fit = () => {
    made.open = WIDE.matches || shop.filtersOpen;
  };
  fit();
  WIDE.addEventListener("change", fit);
  return [made, () => WIDE.removeEventListener("change", fit)];
}

function result(shop, criteria, body, narrowing) {
  return [
    h(
      "div",
      { class: "result-head" },
      h("div", {}, h("h1", {}, heading(criteria, body.facets)), h("p", { class: "quiet" }, plural(body.total, "product"))),
      sorting(shop, criteria),
    ),
    meant(criteria, body),
    chosen(shop, criteria, body.facets),
    h(
      "div",
      { class: "result" },
      narrowing,
      h(
        "section",
        { "aria-label": "Products" },
        body.items.length > 0 ? cards(body.items, criteria.get("shipTo")) : nothing(criteria),
        pager(criteria, body.total),
      ),
    ),
  ];
}

/** The box keeps the words as long as what they found is shown. */
function emptied(box) {
  if (location.pathname !== "/search") box.value = "";
}

export async function search({ query }, shop) {
  const [[criteria, body], address] = await Promise.all([found(shop.api, new Criteria(query)), newest(shop.api)]);
  shop.currency = body.items.find((item) => item.price)?.price.currency ?? shop.currency;
  shop.search.input.value = criteria.get("q") ?? "";
  shop.signals.searched(criteria.get("q"), body.items);
  const [narrowing, letGo] = filters(shop, facets(shop, criteria, body.facets, address));
  const content = h("div", { class: "found" }, result(shop, criteria, body, narrowing));
  announce(plural(body.total, "product"));
  const leave = () => {
    letGo();
    emptied(shop.search.input);
  };
  return { title: heading(criteria, body.facets), content, leave };
}

function decoded(step) {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/** A category is the result of looking at nothing but it. */
export function category({ parameters: [path], query }, shop) {
  const steps = path.split("/").filter(Boolean).map(decoded);
  return search({ query: [["category", steps.join("/")], ...query] }, shop);
}

/** Of fewer pages than were asked for, the last. */
async function found(api, criteria) {
  const { body } = await api.get("/api/products", asked(criteria));
  const last = pagesOf(body.total);
  if (body.total === 0 || pageOf(criteria) <= last) return [criteria, body];
  return found(api, new Criteria([...criteria.query].map(([name, value]) => [name, name === "page" ? last : value])));
}

/** The address that the API takes for the destination where none is said; null for visitors. */
async function newest(api) {
  if (!api.session.signedIn) return null;
  const asked = api.get("/api/me");
  return asked.then(
    ({ body }) => body.addresses.at(-1) ?? null,
    () => null,
  );
}

function asked(criteria) {
  const parameters = new URLSearchParams(criteria.query);
  parameters.set("limit", String(PER_PAGE));
  return parameters;
}
