/* Where the money is, and where the payment provider says otherwise. */

import { h } from "../lib/dom.js";
import { money, short } from "../lib/format.js";
import { act, decision } from "./decision.js";
import { orderLink } from "./orderlinks.js";
import { shopNames } from "./shopnames.js";
import { paged, tabs } from "./table.js";
import { when } from "./times.js";

const SHOWN = [
  ["ledger", "Ledger"],
  ["differences", "Differences"],
  ["disputes", "Disputes"],
  ["refusals", "Refused refunds"],
];

const STATES = [
  ["open", "Open"],
  ["settled", "Settled"],
];

/** With the name of the shop whose account it is. */
const accounts = (shopName) => [
  [
    "Account",
    ({ account }) => {
      const [shopId] = /shp_\w+/.exec(account) ?? [];
      return [h("code", {}, account), shopId ? h("span", { class: "quiet" }, ` ${shopName(shopId)}`) : null];
    },
  ],
  ["Debits", (one) => money(one.debits), "number"],
  ["Credits", (one) => money(one.credits), "number"],
  ["Balance", (one) => h("strong", {}, money(one.balance)), "number"],
  ["Last moved", (one) => when(one.updatedAt)],
];

const DISPUTES = [
  ["Order", (one) => orderLink(one.orderId)],
  ["Status", (one) => one.status],
  ["Amount", (one) => money(one.amount), "number"],
  ["Reason", (one) => one.reason],
  ["Evidence until", (one) => when(one.evidenceBy)],
  ["Opened", (one) => when(one.openedAt)],
];

/** What somebody found out about it, or why it is settled. */
function said({ note, by, settledAt }) {
  if (!note) return null;
  return h("p", {}, note, h("span", { class: "quiet" }, by ? ` by ${short(by)} ` : " ", when(settledAt)));
}

function differences(console_, done) {
  const { api } = console_;
  const decide = (one) => {
    const path = `/api/admin/differences/${one.differenceId}`;
    return h(
      "details",
      {},
      h("summary", {}, "Decide"),
      decision(
        api,
        `difference ${short(one.differenceId)}`,
        [
          ["Explain", `${path}/explain`, "quiet"],
          ["Settle", `${path}/settle`, ""],
        ],
        { noted: true, done },
      ),
    );
  };
  return [
    ["Kind", (one) => one.kind.replaceAll("_", " ")],
    ["Order", (one) => orderLink(one.orderId)],
    ["Ours", (one) => money(one.ours), "number"],
    ["Theirs", (one) => money(one.theirs), "number"],
    ["What it means", (one) => one.explanation, "long"],
    ["Found", (one) => when(one.foundAt)],
    ["Decision", (one) => [said(one), one.status === "settled" ? null : decide(one)], "long"],
  ];
}

function refusals(console_, done) {
  return [
    ["Order", (one) => orderLink(one.orderId)],
    ["Amount", (one) => money(one.amount), "number"],
    ["Reason", (one) => one.reason ?? ""],
    ["Refused as", (one) => one.refusal.replaceAll("_", " ")],
    ["When", (one) => when(one.refusedAt)],
    [
      "",
      (one) =>
        act(
          console_.api,
          "Try again",
          `refund of order ${short(one.orderId)}`,
          `/api/orders/${one.orderId}/refunds/${one.refundId}/retry`,
          done,
        ),
    ],
  ];
}

export async function moneyPanel({ query }, console_) {
  const asked = query.get("show");
  const show = SHOWN.some(([name]) => name === asked) ? asked : "ledger";
  const status = query.get("status") === "settled" ? "settled" : "open";
  const done = () => console_.router().show();
  const lists = {
    ledger: [
      "/api/admin/ledger",
      accounts(show === "ledger" ? await shopNames(console_.api) : null),
      "Nothing was booked yet.",
      "Debits less credits; all balances of a currency sum to zero.",
    ],
    differences: [
      "/api/admin/differences",
      differences(console_, done),
      status === "open" ? "The provider and the log agree." : "Nothing was settled yet.",
      "Found by kontor reconcile or the daily round. Settling moves no money.",
    ],
    disputes: [
      "/api/admin/disputes",
      DISPUTES,
      "No dispute is open.",
      "What buyers asked their banks to give back; evidence goes to the provider.",
    ],
    refusals: [
      "/api/admin/refused-refunds",
      refusals(console_, done),
      "No refund was refused.",
      "A buyer waits for each.",
    ],
  };
  const [path, columns, none, about] = lists[show];
  const label = SHOWN.find(([name]) => name === show)[1];
  return {
    title: "Money",
    content: [
      h("h1", {}, "Money"),
      tabs("Which", "show", show, SHOWN),
      show === "differences" ? tabs("State", "status", status, STATES, { show }) : null,
      h("p", { class: "quiet" }, about),
      await paged(console_.api, path, { limit: 50, ...(show === "differences" ? { status } : {}) }, label, columns, none),
    ],
  };
}
