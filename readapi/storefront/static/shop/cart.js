/* The cart: every line at today's price, with what changed since it was put in. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { capital, money, plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { empty, notice, refused } from "../lib/states.js";
import { redraw } from "./focus.js";
import { addressOf, which } from "./goods.js";
import { thumb } from "./thumb.js";

const SEVERE = new Set(["unavailable", "out_of_stock", "insufficient_stock", "limit_exceeded"]);
const MOST = 20;

/** What has to be mended before a line can be bought. */
export const hindrances = (line) => line.warnings.filter(({ code }) => SEVERE.has(code));

export function hindered(cart) {
  return cart.lines.some((line) => hindrances(line).length > 0);
}

function said(line) {
  return line.warnings.map(({ code, message }) => {
    const prices = code === "price_changed" ? `: ${money(line.priceAtAdding)} then, ${money(line.unitPrice)} now` : "";
    return h(
      "p",
      { class: `warning ${SEVERE.has(code) ? "severe" : ""}` },
      icon(SEVERE.has(code) ? "warn" : "info", 16),
      capital(message) + prices,
    );
  });
}

function row(shop, line, act) {
  const most = Math.max(line.quantity, Math.min(MOST, line.availability.available || MOST));
  const options = Array.from({ length: most }, (_, at) =>
    h("option", { value: at + 1, selected: at + 1 === line.quantity }, at + 1),
  );
  const quantity = h(
    "select",
    {
      id: `quantity-${line.itemId}`,
      "aria-label": `Quantity of ${line.title}`,
      onchange: (event) => act(shop.basket.take(line.itemId, Number(event.target.value)), "Quantity changed"),
    },
    options,
  );
  const out = () => act(shop.basket.remove(line.itemId), `${line.title} was taken out`);
  return h(
    "li",
    { class: "line-item" },
    thumb(shop.api, line.productId),
    h(
      "div",
      { class: "what" },
      h("a", { id: `title-${line.itemId}`, class: "title", href: addressOf(line) }, line.title),
      which(shop.api, line),
      h("p", { class: "quiet" }, `${money(line.unitPrice)} each`),
      said(line),
    ),
    quantity,
    h("span", { class: "price" }, money(line.total)),
    h(
      "button",
      {
        id: `out-${line.itemId}`,
        class: "button bare",
        type: "button",
        "aria-label": `Take out ${line.title}`,
        onclick: out,
      },
      icon("trash"),
    ),
  );
}

function summary(cart) {
  const stuck = hindered(cart);
  return h(
    "aside",
    { class: "summary", "aria-label": "Summary" },
    h(
      "p",
      { class: "sum" },
      h("span", {}, plural(cart.totals.quantity, "item")),
      h("strong", {}, money(cart.totals.items)),
    ),
    h("p", { class: "quiet" }, "Tax and delivery are added at the checkout."),
    stuck
      ? notice("warn", "Some lines cannot be bought as they are", h("p", {}, "Take fewer, or take them out."))
      : null,
    h(
      "a",
      {
        id: "to-checkout",
        class: "button wide-button",
        href: stuck ? null : "/checkout",
        "aria-disabled": stuck ? "true" : null,
        role: stuck ? "link" : null,
      },
      "Go to checkout",
    ),
  );
}

export async function cartPage(_, shop) {
  const content = h("div", {});
  const problem = h("div", { class: "said" });

  const show = (cart) => redraw(content, () => put(content, drawn(cart)));

  function drawn(cart) {
    if (cart.lines.length === 0) {
      return [
        h("h1", {}, "Your cart"),
        empty(
          "cart",
          "Nothing in it yet",
          "What you put into the cart waits here for you.",
          h("a", { class: "button", href: "/search" }, "Look around"),
        ),
      ];
    }
    return [
      h("h1", {}, "Your cart"),
      problem,
      h(
        "div",
        { class: "with-summary" },
        h(
          "ul",
          { class: "line-items", role: "list" },
          cart.lines.map((line) => row(shop, line, act)),
        ),
        summary(cart),
      ),
    ];
  }

  async function act(change, words) {
    put(problem);
    try {
      await change;
      announce(`${words}. ${plural(shop.basket.quantity, "item")} in the cart`);
    } catch (refusal) {
      if (refusal.title === undefined) throw refusal;
      await shop.basket.load();
      put(problem, refused(refusal));
    }
  }

  show(await shop.basket.load());
  const changed = () => shop.basket.cart !== null && show(shop.basket.cart);
  shop.basket.addEventListener("change", changed);
  return { title: "Your cart", content, leave: () => shop.basket.removeEventListener("change", changed) };
}
