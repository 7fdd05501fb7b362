/* Who follows the log, and how far: also while a view is being built anew. */

import { h, put } from "../lib/dom.js";
import { number, plural } from "../lib/format.js";
import { live } from "../lib/live.js";
import { notice } from "../lib/states.js";
import { readiness } from "./readiness.js";
import { rebuild } from "./rebuild.js";
import { bar, table } from "./table.js";

function share(lag, head) {
  return head === 0 ? 1 : Math.max(0, 1 - lag / head);
}

function progress({ name, lag }, head) {
  return bar(`How far ${name} is`, share(lag, head));
}

function columns(head) {
  return [
    ["Name", (one) => one.name],
    ["Kind", (one) => one.kind],
    ["Position", (one) => one.position, "number"],
    [
      "Behind",
      (one) =>
        one.lag === 0
          ? h("span", { class: "status good" }, "0")
          : h("span", { class: "status warn" }, plural(one.lag, "event")),
      "number",
    ],
    ["For", (one) => (one.seconds === null ? "" : `${one.seconds.toFixed(1)} s`), "number"],
    ["Progress", (one) => progress(one, head), "wide-cell"],
  ];
}

function standing(ready) {
  const lag = Object.entries(ready.lag)
    .map(([name, events]) => `${name} ${number(events)}`)
    .join(", ");
  const text = h("p", {}, `Newest event ${ready.head}; behind it: ${lag}.`);
  if (ready.status === "ok" && ready.degraded.length === 0) return notice("good", "The service is ready", text);
  const away =
    ready.degraded.length > 0 ? h("p", {}, `Away, with others standing in: ${ready.degraded.join(", ")}.`) : null;
  return notice(
    ready.status === "ok" ? "warn" : "bad",
    ready.status === "ok" ? "Ready, but not all of it" : `The service is ${ready.status}`,
    text,
    away,
  );
}

export async function projections(_, { api }) {
  const shown = h("div", {});
  let last = "";

  async function refresh() {
    const [ready, { body, headers }] = await Promise.all([readiness(api), api.get("/api/admin/projections")]);
    const seen = JSON.stringify([ready, body.items, body.replay]);
    if (seen === last) return false;
    last = seen;
    const head = Number(headers.get("Kontor-Position"));
    put(
      shown,
      standing(ready),
      body.replay ? rebuild(body.replay) : null,
      table("Who follows the log", columns(head), body.items, "Nobody follows the log."),
    );
    return true;
  }

  await refresh();
  return {
    title: "Projections",
    content: [
      h("h1", {}, "Projections"),
      h(
        "p",
        { class: "quiet" },
        "Everything shown is folded from one log. ",
        h("code", {}, "kontor replay NAME"),
        " builds one anew beside the live one.",
      ),
      shown,
    ],
    leave: live(refresh),
  };
}
