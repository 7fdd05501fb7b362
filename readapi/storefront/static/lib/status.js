/* The states of an order, and of what is sent back of it, in words. */

import { h } from "./dom.js";

const WORDS = {
  PENDING: ["busy", "In progress"],
  PAID: ["good", "Paid"],
  PACKED: ["good", "Packed"],
  SHIPPED: ["good", "On its way"],
  DELIVERED: ["good", "Delivered"],
  CANCELLED: ["bad", "Cancelled"],
  REFUNDED: ["bad", "Refunded"],
  REQUESTED: ["busy", "Asked for"],
  APPROVED: ["good", "Approved"],
  REJECTED: ["bad", "Refused"],
  RECEIVED: ["good", "Arrived"],
};

export function status(name) {
  const [kind, text] = WORDS[name] ?? ["", name];
  return h("span", { class: `status ${kind}` }, text);
}

const REASONS = {
  out_of_stock: ["Sold out meanwhile", "Somebody else was faster. Nothing was charged."],
  payment_declined: [
    "The card was declined",
    "Nothing was charged. Choose another card and try again: your cart is as it was.",
  ],
  expired: ["It took too long", "The payment did not come through in time. Nothing was charged."],
  not_serviceable: ["Not delivered there", "Something in it cannot go to this address. Nothing was charged."],
  limit_exceeded: ["More than one customer may buy", "Take fewer and try again. Nothing was charged."],
};

/** Title and text. Orders are called off before and after they were `paid`. */
export function reason(code, paid) {
  if (code === "cancelled")
    return ["Called off", paid ? "What was paid goes back to where it came from." : "Nothing was charged."];
  return REASONS[code] ?? ["Cancelled", "Nothing was charged."];
}

/** From a cart to a parcel: steps that are done, under way, or to come. */
const STEPS = [
  ["Placed", ["PENDING"]],
  ["Paid", ["PAID"]],
  ["Packed", ["PACKED"]],
  ["On its way", ["SHIPPED"]],
  ["Delivered", ["DELIVERED"]],
];

export function progress(name) {
  const at = STEPS.findIndex(([, states]) => states.includes(name));
  if (at < 0) return null;
  return h(
    "ol",
    { class: "progress", role: "list" },
    STEPS.map(([text], index) =>
      h(
        "li",
        { class: index <= at ? "done" : null, "aria-current": index === at ? "step" : null },
        h("span", {}, text),
      ),
    ),
  );
}
