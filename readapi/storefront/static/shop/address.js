/* Addresses: to choose from, and the form for one that is new or changes. */

import { countries, country } from "../lib/countries.js";
import { h } from "../lib/dom.js";
import { field, form, select } from "../lib/form.js";
import { required } from "./required.js";

const USUAL = "US";

export function lines(address) {
  const town = [address.city, address.region, address.postalCode].filter(Boolean).join(", ");
  return [address.name, address.line1, address.line2, town, country(address.country)].filter(Boolean);
}

export function addressBlock(address) {
  return h(
    "address",
    {},
    lines(address).map((line) => h("span", { dir: "auto" }, line)),
  );
}

/** Says of each field whether this country's addresses need it. */
function demand(made, country) {
  for (const [name, needed] of Object.entries(required(country))) {
    const input = made.elements.namedItem(name);
    input.required = needed;
    input.closest(".field").querySelector("label .quiet").hidden = needed;
  }
}

/** `known` is an address that is changed. `cancel` is null where there is nothing to go back to. */
export function addressForm(send, cancel, known = { country: USUAL }) {
  const country = select("Country", "country", countries, known.country);
  country.addEventListener("change", (event) => demand(made, event.target.value));
  const made = form(
    send,
    field("Name", "name", { required: true, autocomplete: "name", maxlength: 100, value: known.name }),
    field("Street and number", "line1", {
      required: true,
      autocomplete: "address-line1",
      maxlength: 200,
      value: known.line1,
    }),
    field("Flat, floor", "line2", { autocomplete: "address-line2", maxlength: 200, value: known.line2 }),
    h(
      "div",
      { class: "row" },
      field("City", "city", { autocomplete: "address-level2", maxlength: 100, value: known.city }),
      field("State or region", "region", {
        autocomplete: "address-level1",
        maxlength: 100,
        hint: "Such as IL",
        value: known.region,
      }),
      field("Postal code", "postalCode", { autocomplete: "postal-code", maxlength: 20, value: known.postalCode }),
    ),
    country,
    h(
      "p",
      { class: "actions" },
      h("button", { class: "button", type: "submit" }, "Keep this address"),
      cancel ? h("button", { class: "button quiet", type: "button", onclick: cancel }, "Cancel") : null,
    ),
  );
  demand(made, known.country);
  return made;
}
