/* Orders that a person looks at before their money is taken. */

import { h } from "../lib/dom.js";
import { money, short } from "../lib/format.js";
import { decision } from "./decision.js";
import { orderLink } from "./orderlinks.js";
import { paged, tabs } from "./table.js";
import { when } from "./times.js";

const REASONS = { amount: "the amount", country: "where it goes" };

const DECIDED = [
  ["Order", (one) => orderLink(one.orderId)],
  ["Decided", (one) => h("span", { class: `status ${one.status === "approved" ? "good" : "bad"}` }, one.status)],
  ["Amount", (one) => money(one.amount), "number"],
  ["By", (one) => (one.by ? short(one.by) : "nobody, in time")],
  ["When", (one) => when(one.decidedAt)],
  ["Note", (one) => one.note ?? "", "long"],
];

function card(console_, one) {
  const path = `/api/admin/reviews/${one.orderId}`;
  const reasons = one.reasons.map((name) => REASONS[name] ?? name).join(", ");
  return h(
    "li",
    { class: "panel" },
    h("h2", {}, money(one.amount), h("span", { class: "quiet" }, " Order "), orderLink(one.orderId)),
    h("p", {}, `Looked at for ${reasons}. Placed `, when(one.since), "; rejected by itself ", when(one.until), "."),
    decision(
      console_.api,
      `order ${short(one.orderId)}`,
      [
        ["Approve", `${path}/approve`, ""],
        ["Reject", `${path}/reject`, "bad"],
      ],
      { noted: false, done: () => console_.router().show() },
    ),
  );
}

export async function reviews({ query }, console_) {
  const status = query.get("status") === "decided" ? "decided" : "open";
  const head = [
    h("h1", {}, "Orders to review"),
    tabs("Which", "status", status, [
      ["open", "Waiting"],
      ["decided", "Decided"],
    ]),
  ];
  if (status === "decided") {
    const rows = await paged(
      console_.api,
      "/api/admin/reviews",
      { status, limit: 50 },
      "Decided",
      DECIDED,
      "Nothing was decided yet.",
    );
    return { title: "Reviews", content: [head, rows] };
  }
  const { body } = await console_.api.get("/api/admin/reviews", { limit: 50 });
  const waiting =
    body.items.length > 0
      ? h(
          "ul",
          { class: "decisions", role: "list" },
          body.items.map((one) => card(console_, one)),
        )
      : h(
          "p",
          { class: "none" },
          "No order waits. ",
          h("code", {}, "KONTOR_REVIEW_ABOVE"),
          " and ",
          h("code", {}, "KONTOR_REVIEW_COUNTRIES"),
          " say which do.",
        );
  return { title: "Reviews", content: [head, waiting] };
}
