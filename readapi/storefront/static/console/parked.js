/* What could not be done, and waits for somebody with a command line. */

import { h } from "../lib/dom.js";
import { notice } from "../lib/states.js";
import { table } from "./table.js";
import { when } from "./times.js";

const COLUMNS = [
  ["Key", (one) => h("code", {}, one.key)],
  ["Kind", (one) => one.kind],
  ["Name", (one) => one.name],
  ["Stream", (one) => (one.stream ? h("code", {}, one.stream) : "")],
  ["Since", (one) => when(one.since)],
  ["Attempts", (one) => one.attempts ?? "", "number"],
  ["Reason", (one) => one.reason, "long"],
];

export async function parked(_, { api }) {
  const { body } = await api.get("/api/admin/parked");
  return {
    title: "Parked",
    content: [
      h("h1", {}, "Parked"),
      h(
        "p",
        { class: "quiet" },
        "Events a view could not take in, products that search refused, deliveries that were given up. ",
        h("code", {}, "kontor parked show|retry|drop KEY"),
        " on the server decides what becomes of them.",
      ),
      body.unknown.length > 0
        ? notice("warn", "Some stores do not answer", h("p", {}, `Not known of: ${body.unknown.join(", ")}.`))
        : null,
      table("Parked", COLUMNS, body.items, "Nothing is parked."),
    ],
  };
}
