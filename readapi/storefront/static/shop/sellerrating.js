/* Rating the sellers of an order, once something has come from them. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { shopOf } from "./goods.js";
import { ratingField, ratingGiven, rememberRating } from "./rating.js";

function rated(api, order, shopId) {
  const said = h("div", { class: "said" });
  const given = ratingGiven(order, shopId);
  async function send({ rating }) {
    const body = { orderId: order.orderId, rating: Number(rating) };
    await api.command("POST", `/api/shops/${shopId}/ratings`, body);
    rememberRating(order, shopId, rating);
    put(said, h("p", { class: "added" }, icon("check", 18), " Thank you."));
    announce("Thank you, your rating is kept");
  }
  if (given) put(said, h("p", { class: "quiet" }, `You gave ${plural(Number(given), "star")}.`));
  const rating = ratingField("How was the seller?", given);
  shopOf(api, shopId).then((shop) => shop && put(rating.querySelector("label"), `How was ${shop.name}?`));
  const button = h("button", { class: "button quiet", type: "submit" }, given ? "Rate again" : "Rate");
  return [form(send, rating, button), said];
}

/** The order's sellers of whom something has come. */
export function rateable({ orderId, shipments }) {
  const delivered = shipments.filter(({ status }) => status === "DELIVERED").map(({ shopId }) => shopId);
  return { orderId, shops: [...new Set(delivered)] };
}

export function sellerRatings(api, order) {
  if (order.shops.length === 0) return null;
  return h(
    "section",
    {},
    h("h2", {}, "Your rating"),
    order.shops.map((shopId) => rated(api, order, shopId)),
  );
}
