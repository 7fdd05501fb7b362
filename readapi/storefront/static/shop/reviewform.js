/* Reviewing what one has bought: a form for each product of an order that is paid. */

import { announce } from "../lib/announce.js";
import { fresh, h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { icon } from "../lib/icons.js";
import { addressOf } from "./goods.js";
import { ratingField } from "./rating.js";

const PAID = new Set(["PAID", "PACKED", "SHIPPED", "DELIVERED"]);
const TEXT_MAX = 5000;

function words(label, name) {
  const id = fresh(name);
  const note = `${id}-note`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, h("span", { class: "quiet" }, " (optional)")),
    h("textarea", { id, name, rows: 4, maxlength: TEXT_MAX, "aria-describedby": note }),
    h("p", { class: "note", id: note }),
  );
}

function one(api, line, given) {
  const said = h("div", { class: "said" });
  async function send({ rating, ...written }) {
    const body = { rating: Number(rating), ...written };
    await api.command("POST", `/api/products/${line.productId}/reviews`, body);
    const link = h("a", { href: addressOf(line) }, "See it there");
    put(said, h("p", { class: "added" }, icon("check", 18), " Thank you. ", link));
    announce("Thank you, your review is on the product's page");
  }
  return h(
    "details",
    { class: "writing" },
    h("summary", {}, `${given ? "Change your review of" : "Review"} ${line.title}`),
    form(
      send,
      ratingField(`How is ${line.title}?`, given),
      field("In a few words", "title", { maxlength: 200 }),
      words("What should others know?", "text"),
      h("p", { class: "quiet" }, "Shown without your name. Another one takes the place of the last."),
      h("button", { class: "button quiet", type: "submit" }, "Send the review"),
    ),
    said,
  );
}

/** The order's products of which not all was called off; none before it is paid. How they are rated is left out, so
    that a form that somebody is writing in does not change when another was sent. */
export function reviewable({ orderId, status, lines, cancellations }) {
  const units = new Map(lines.map(({ lineId, quantity }) => [lineId, quantity]));
  for (const { lineId, quantity } of cancellations.flatMap((one) => one.lines)) {
    units.set(lineId, units.get(lineId) - quantity);
  }
  const kept = PAID.has(status) ? lines.filter(({ lineId }) => units.get(lineId) > 0) : [];
  const products = new Map(kept.map(({ rating: _, shopRating: __, ...line }) => [line.productId, line]));
  return { orderId, lines: [...products.values()] };
}

/** `lines` are the order's as it was told last. */
export function reviewForms(api, order, lines) {
  if (order.lines.length === 0) return null;
  const ratings = new Map(lines.map(({ productId, rating }) => [productId, rating]));
  return h(
    "section",
    {},
    h("h2", {}, "Reviews"),
    order.lines.map((line) => one(api, line, ratings.get(line.productId) ?? null)),
  );
}
