/* What is known of a product by name and value, with the units that the API gives. */

import { h } from "../lib/dom.js";
import { capital, number } from "../lib/format.js";

const OF_MACHINES = new Set(["gtins"]);
/* Initials, which a capital letter alone does not make readable. */
const INITIALS = { gtin: "GTIN" };

/** Of an attribute; a measure as its category has it, and as it was written where that was another way. */
export function valueText(value) {
  if (Array.isArray(value)) return value.map(valueText).join(", ");
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (value !== null && typeof value === "object") {
    const measured = `${number(value.value)} ${value.unit}`;
    return value.given ? `${measured} (${value.given})` : measured;
  }
  return String(value);
}

/** As the product has it in the language it is told in, or made of the attribute's own name. */
export const nameText = (name, labels = {}) => labels[name] ?? INITIALS[name] ?? capital(name.replaceAll("_", " "));

/** What all of a family share, and what this one of it has besides. */
export function attributes(product, variant) {
  const known = Object.entries({ ...product.attributes, ...variant?.attributes }).filter(
    ([name]) => !OF_MACHINES.has(name),
  );
  if (known.length === 0) return null;
  const rows = known.map(([name, value]) =>
    h("tr", {}, h("th", { scope: "row" }, nameText(name, product.labels)), h("td", {}, valueText(value))),
  );
  return h("section", { class: "attributes" }, h("h2", {}, "Details"), h("table", {}, h("tbody", {}, rows)));
}
