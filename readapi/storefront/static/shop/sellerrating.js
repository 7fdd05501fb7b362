/* Rating the sellers of an order, once something has come from them. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { form, select } from "../lib/form.js";
import { icon } from "../lib/icons.js";

const WORDS = [
  ["5", "5 stars, very good"],
  ["4", "4 stars, good"],
  ["3", "3 stars, fair"],
  ["2", "2 stars, poor"],
  ["1", "1 star, very poor"],
];

function rated(api, order, shopId, heading) {
  const said = h("div", { class: "said" });
  async function send({ rating }) {
    const body = { orderId: order.orderId, rating: Number(rating) };
    await api.command("POST", `/api/shops/${shopId}/ratings`, body);
    put(said, h("p", { class: "added" }, icon("check", 18), " Thank you."));
    announce("Thank you, your rating is kept");
  }
  return [
    form(
      send,
      select(heading, "rating", WORDS, "5"),
      h("button", { class: "button quiet", type: "submit" }, "Rate"),
    ),
    said,
  ];
}

export function sellerRatings(api, order) {
  const delivered = order.shipments.filter(({ status }) => status === "DELIVERED").map(({ shopId }) => shopId);
  const shops = [...new Set(delivered)];
  if (shops.length === 0) return null;
  const heading = (at) => (shops.length === 1 ? "How was the seller?" : `How was seller ${at + 1}?`);
  return h(
    "section",
    {},
    h("h2", {}, "Your rating"),
    shops.map((shopId, at) => rated(api, order, shopId, heading(at))),
  );
}
