/* Any aggregate as it was, and what came between two moments. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { plural, second } from "../lib/format.js";
import { refused } from "../lib/states.js";
import { table } from "./table.js";

const ID = "Its id: ord_…, crt_…, stk_SHOP.SKU";
const MOMENT = "An instant with its offset, such as 2026-03-31T18:00:00Z, or a position";
const CHANGES = [
  ["What", (one) => h("code", {}, one.path || "/")],
  ["Before", (one) => value(one.before), "long"],
  ["After", (one) => value(one.after), "long"],
];
const EVENTS = [
  ["Event", (event) => event.type],
  ["Position", (event) => event.position, "number"],
  ["When", (event) => second(event.at)],
  ["Who", (event) => event.actor ?? ""],
  ["Part of", (event) => event.correlation ?? ""],
  ["Because of", (event) => event.causation ?? ""],
];

const value = (one) => (one === null ? "–" : h("code", {}, JSON.stringify(one)));

function then(what, { version, position, recordedAt }) {
  return version === 0
    ? `${what}: not there yet.`
    : `${what}: version ${version}, at position ${position}, ${second(recordedAt)}.`;
}

function part(one) {
  const heading = h("h2", {}, `${one.aggregate} `, h("code", {}, one.stream));
  const state = h("pre", { tabindex: "0", role: "region", "aria-label": `State of ${one.stream}` });
  state.textContent = JSON.stringify(one.state, null, 2);
  if (!one.changes) return h("section", {}, heading, h("p", { class: "quiet" }, then("As of", one)), state);
  return h(
    "section",
    {},
    heading,
    h("p", { class: "quiet" }, then("Before", one.before), " ", then("After", one)),
    table(`What differs of ${one.stream}`, CHANGES, one.changes, "Nothing differs."),
    more(one.changesTotal - one.changes.length, "change"),
    table(`Events of ${one.stream}`, EVENTS, one.events, "Nothing happened between the two."),
    more(one.eventsTotal - one.events.length, "event"),
  );
}

const more = (count, what) => (count > 0 ? h("p", { class: "quiet" }, `And ${plural(count, what)} more.`) : null);

async function found(api, asked) {
  const { stream, ...moments } = asked;
  try {
    const { body } = await api.get(`/api/admin/streams/${encodeURIComponent(stream)}`, moments);
    return [body, ...body.related].map(part);
  } catch (problem) {
    if (problem.title === undefined) throw problem;
    return refused(problem);
  }
}

export async function history({ query }, console_) {
  const given = ["stream", "asOf", "diff"].map((name) => [name, query.get(name)]).filter(([, text]) => text);
  const asked = Object.fromEntries(given);
  const go = (wanted) => console_.router().go(`/console/history?${new URLSearchParams(wanted)}`, { focus: false });
  return {
    title: "History",
    content: [
      h("h1", {}, "History"),
      h("p", { class: "quiet" }, "Anything as it was, from its events alone. Personal data is not shown."),
      form(
        go,
        field("Aggregate", "stream", { required: true, value: asked.stream, hint: ID }),
        field("As of", "asOf", { value: asked.asOf, hint: MOMENT }),
        field("Compared with", "diff", { value: asked.diff, hint: MOMENT }),
        h("p", { class: "actions" }, h("button", { class: "button", type: "submit" }, "Show")),
      ),
      asked.stream ? await found(console_.api, asked) : null,
    ],
  };
}
