/* What is searched for, as it stands in the address: the parameters of GET /api/products by their own names. */

const MANY = (name) => name === "brand" || name === "seller" || name.startsWith("attr.");
const KEPT = new Set(["q", "sort"]);

export class Criteria {
  constructor(query) {
    this.query = new URLSearchParams(query);
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

function address(changed, keepsPage = false) {
  if (!keepsPage) changed.delete("page");
  const text = changed.toString();
  return text ? `/search?${text}` : "/search";
}
