/* What is searched for, as it stands in the address: the parameters of GET /api/products by their own names. */

export const PER_PAGE = 24;
/* Beyond the ten thousandth product the API has no pages. */
export const PAGES_MAX = Math.floor(10_000 / PER_PAGE);
export const SORTS = [
  ["relevance", "Best match"],
  ["price_asc", "Price, lowest first"],
  ["price_desc", "Price, highest first"],
  ["newest", "Newest"],
  ["rating", "Best rated"],
];
const TEXT_MAX = 500;
const AMOUNT_MAX = 10 ** 12;

const MANY = (name) => name === "brand" || name === "seller" || /^attr\../.test(name);
const KEPT = new Set(["q", "sort"]);

const within = (pattern, least, most) => (value) =>
  pattern.test(value) && Number(value) >= least && Number(value) <= most ? value : null;
const amount = within(/^\d{1,13}$/, 0, AMOUNT_MAX);
const matching = (pattern) => (value) => (pattern.test(value) ? value : null);
const text = (value) => (value.length <= TEXT_MAX ? value : null);

/* What a value of each name means; null for one that cannot be meant. */
const SINGLE = {
  q: (value) => value.slice(0, TEXT_MAX),
  sort: (value) => (SORTS.some(([name]) => name === value) ? value : null),
  page: (value) => (/^0*[1-9]\d*$/.test(value) ? String(Math.min(Number(value), PAGES_MAX)) : null),
  category: text,
  priceMin: amount,
  priceMax: amount,
  ratingMin: within(/^[\d.]{1,10}$/, 0, 5),
  inStock: matching(/^(true|false)$/),
  shipTo: matching(/^(\*|[A-Z]{2}(-[A-Z0-9]{1,3})?)$/),
};

/** Links come with the marks of whoever gave them away, and are mistyped: the API refuses both, and here they are left out. */
function meant(query) {
  const known = new URLSearchParams();
  for (const [name, value] of query) {
    const single = Object.hasOwn(SINGLE, name);
    if (single ? known.has(name) : !MANY(name) || text(name) === null) continue;
    const kept = single ? SINGLE[name](value) : text(value);
    if (kept !== null) known.append(name, kept);
  }
  return known;
}

export class Criteria {
  constructor(query) {
    this.query = meant(new URLSearchParams(query));
  }

  get(name) {
    return this.query.get(name);
  }

  has(name, value) {
    return this.query.getAll(name).includes(value);
  }

  /** The address with this filter turned on or off; of most names one value counts, of brands, sellers and attributes any. */
  toggled(name, value) {
    const others = this.query.getAll(name).filter((one) => one !== value);
    const on = !this.has(name, value);
    const changed = new URLSearchParams(this.query);
    changed.delete(name);
    for (const kept of MANY(name) ? others : []) changed.append(name, kept);
    if (on) changed.append(name, value);
    return address(changed);
  }

  /** The address with these values instead; null takes a name away. */
  with(values) {
    const changed = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) changed.delete(name);
      else changed.set(name, value);
    }
    return address(changed, "page" in values);
  }

  /** The address with the words alone. */
  cleared() {
    const changed = new URLSearchParams([...this.query].filter(([name]) => KEPT.has(name)));
    return address(changed);
  }

  /** Name, value pairs of everything that narrows. A price of two ends is one. */
  get filters() {
    const found = [...this.query].filter(([name]) => !KEPT.has(name) && name !== "page" && name !== "priceMax");
    if (this.query.has("priceMax") && !this.query.has("priceMin")) found.push(["priceMax", this.query.get("priceMax")]);
    return found;
  }
}

/** Where a category has its page, which everybody finds; narrowed it is a result like others. */
export function categoryAddress(path) {
  return `/category/${path.split("/").map(encodeURIComponent).join("/")}`;
}

function address(changed, keepsPage = false) {
  if (!keepsPage) changed.delete("page");
  if (changed.size === 1 && changed.get("category")) return categoryAddress(changed.get("category"));
  const text = changed.toString();
  return text ? `/search?${text}` : "/search";
}
