/* What it comes to: of a quote or of an order. */

import { h } from "../lib/dom.js";
import { money } from "../lib/format.js";

function row(name, amount, kind = null) {
  return h("div", { class: kind }, h("dt", {}, name), h("dd", {}, amount));
}

export function totals({ totals: known, taxInclusive, giftCard, due }) {
  return h(
    "dl",
    { class: "totals" },
    row("Items", money(known.items)),
    known.discount.amount ? row("Discount", `−${money(known.discount)}`) : null,
    row("Delivery", known.shipping.amount ? money(known.shipping) : "Free"),
    row(taxInclusive ? "Tax, included" : "Tax", money(known.tax)),
    row("Total", money(known.grand), "grand"),
    giftCard ? row("Paid by gift card", `−${money(giftCard.amount)}`) : null,
    giftCard ? row("To pay", money(due), "grand") : null,
  );
}
