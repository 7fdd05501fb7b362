/* Everything at a glance: what stands still, what waits for somebody, what was sold last. */

import { h, put } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { live } from "../lib/live.js";
import { ORDER_COLUMNS } from "./orderlinks.js";
import { readiness } from "./readiness.js";
import { table } from "./table.js";

const AT_ONCE = 100;
const WAITING = [
  ["Orders to review", "/api/admin/reviews", "/console/reviews"],
  ["Parked", "/api/admin/parked", "/console/parked"],
  ["Differences", "/api/admin/differences", "/console/money?show=differences"],
  ["Disputes", "/api/admin/disputes", "/console/money?show=disputes"],
  ["Refused refunds", "/api/admin/refused-refunds", "/console/money?show=refusals"],
];

function counted(body) {
  return body.next ? `${body.items.length}+` : number(body.items.length);
}

async function tile(api, [title, path, to]) {
  const { body } = await api.get(path, path.endsWith("/parked") ? null : { limit: AT_ONCE });
  const waiting = body.items.length > 0;
  return h(
    "li",
    {},
    h(
      "a",
      { class: `figure ${waiting ? "waiting" : ""}`, href: to },
      h("strong", {}, counted(body)),
      h("span", {}, title),
    ),
  );
}

async function health(api) {
  const [ready, { body: followers }] = await Promise.all([readiness(api), api.get("/api/admin/projections")]);
  const lag = Math.max(0, ...followers.items.map((one) => one.lag));
  const kind = { ok: "good", behind: "warn", away: "bad" }[ready.status];
  const words = { ok: "Ready", behind: "Behind", away: "Away" }[ready.status];
  return h(
    "li",
    {},
    h(
      "a",
      { class: `figure ${kind}`, href: "/console/projections" },
      h("strong", {}, words),
      h("span", {}, lag === 0 ? "All views are up to date" : `${plural(lag, "event")} behind at most`),
    ),
  );
}

export async function overview(_, { api }) {
  const figures = h("ul", { class: "figures", role: "list" });
  const orders = h("div", {});
  let last = "";

  async function refresh() {
    const [tiles, { body, headers }] = await Promise.all([
      Promise.all([health(api), ...WAITING.map((one) => tile(api, one))]),
      api.get("/api/admin/orders", { limit: 10 }),
    ]);
    const position = headers.get("Kontor-Position");
    const changed = position !== last;
    last = position;
    if (changed) {
      put(figures, tiles);
      put(orders, table("Newest orders", ORDER_COLUMNS, body.items, "No orders yet."));
    }
    return changed;
  }

  await refresh();
  return {
    title: "Overview",
    content: [
      h("h1", {}, "Overview"),
      figures,
      h(
        "section",
        {},
        h(
          "div",
          { class: "section-head" },
          h("h2", {}, "Newest orders"),
          h("a", { href: "/console/orders" }, "All orders"),
        ),
        orders,
      ),
    ],
    leave: live(refresh),
  };
}
