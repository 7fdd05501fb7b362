/* Rating the sellers of an order, once something has come from them. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { shopOf } from "./goods.js";
import { ratingField } from "./rating.js";

function rated(api, order, shopId, given) {
  const said = h("div", { class: "said" });
  async function send({ rating }) {
    const body = { orderId: order.orderId, rating: Number(rating) };
    await api.command("POST", `/api/shops/${shopId}/ratings`, body);
    put(said, h("p", { class: "added" }, icon("check", 18), " Thank you."));
    announce("Thank you, your rating is kept");
  }
  if (given) put(said, h("p", { class: "quiet" }, `You gave ${plural(given, "star")}.`));
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

/** `lines` are the order's as it was told last. */
export function sellerRatings(api, order, lines) {
  if (order.shops.length === 0) return null;
  const given = new Map(lines.map(({ shopId, shopRating }) => [shopId, shopRating]));
  return h(
    "section",
    {},
    h("h2", {}, "Your rating"),
    order.shops.map((shopId) => rated(api, order, shopId, given.get(shopId) ?? null)),
  );
}
