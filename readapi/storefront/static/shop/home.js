/* The front page: where to begin. */

import { h } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { cards } from "./card.js";
import { categoryAddress } from "./criteria.js";
import { glyph } from "./picture.js";

const SHOWN = 10;
const SEARCHES = ["laptop", "usb-c cable", "monitor", "headphones", "toner"];
/* Until shoppers have searches of their own. */

function tile(category) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "tile", href: categoryAddress(category.path) },
      glyph(category.name, 30),
      h("span", { class: "title" }, category.label ?? category.name),
      h("span", { class: "quiet" }, number(category.count)),
    ),
  );
}

function shelf(title, items, more) {
  const link = more ? h("a", { href: more }, "See all") : null;
  return items.length > 0
    ? h("section", {}, h("div", { class: "section-head" }, h("h2", {}, title), link), cards(items))
    : null;
}

async function searches(api) {
  const asked = api.get("/api/searches/popular", { limit: 6 });
  const known = await asked.then(
    ({ body }) => body.items.map((item) => item.text),
    () => [],
  );
  return known.length > 0 ? known : SEARCHES;
}

/** This account's own feed; what sells, for whoever has none or is nobody yet. */
async function pleasing(api) {
  const asked = (path) =>
    api.get(path, { limit: SHOWN }).then(
      ({ body }) => body.items,
      () => [],
    );
  const feed = api.session.signedIn ? await asked("/api/feed") : [];
  if (feed.some(({ reason }) => reason.kind !== "popular")) return shelf("For you", feed, null);
  return shelf("Popular now", feed.length > 0 ? feed : await asked("/api/popular"), null);
}

/** Everything is asked for at one time and drawn at once, so that nothing moves under whoever has begun to look. */
export async function home(_, { api, signals }) {
  const [tree, fresh, pleases, recent, popular] = await Promise.all([
    api.get("/api/categories"),
    api.get("/api/products", { inStock: true, sort: "newest", limit: SHOWN }),
    pleasing(api),
    signals.recent(SHOWN),
    searches(api),
  ]);
  const known = tree.body.items.reduce((sum, one) => sum + one.count, 0);
  return {
    title: api.name,
    content: [
      h(
        "section",
        { class: "hero" },
        h(
          "div",
          {},
          h("h1", {}, "What are you looking for?"),
          h("p", {}, `${number(known)} products from many sellers. Compare offers, pay once, follow every parcel.`),
        ),
        h(
          "p",
          { class: "chips" },
          popular.map((q) =>
            h("a", { class: "chip", href: `/search?${new URLSearchParams({ q })}` }, q),
          ),
        ),
      ),
      h(
        "section",
        {},
        h("div", { class: "section-head" }, h("h2", {}, "Categories")),
        h("ul", { class: "tiles", role: "list" }, tree.body.items.map(tile)),
      ),
      shelf("You looked at", recent, null),
      pleases,
      shelf("Just in", fresh.body.items, "/search?inStock=true&sort=newest"),
    ],
  };
}
