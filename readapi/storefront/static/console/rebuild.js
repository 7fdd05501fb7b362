/* The last `kontor replay`: how far it is and how long it will take, or how it ended. */

import { h } from "../lib/dom.js";
import { capital, duration, number, plural, second } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { bar, facts } from "./table.js";
import { when } from "./times.js";

const SILENT_MS = 30_000;
const ENDS = {
  done: ["good", "is done"],
  refused: ["bad", "ended without what was asked for"],
  interrupted: ["warn", "was interrupted"],
};
const STEPS = {
  begin: "begins",
  fold: "folds the log anew",
  compare: "compares the new one with the live one",
  swap: "has put the new one in place of the live one",
  done: "has written its file",
};

function folding(replay) {
  const { done, total, unit, eventsPerSecond: events, rowsPerSecond: rows, secondsLeft: left } = replay;
  return [
    bar(`How far ${replay.projection} is folded anew`, total === 0 ? 1 : Math.min(1, done / total)),
    facts([
      ["Done", `${number(done)} of ${plural(total, unit === "documents" ? "document" : "event")}`],
      events === null ? null : ["Events", `${number(events)} a second`],
      rows === null ? null : ["Rows", `${number(rows)} a second`],
      left === null ? null : ["Time left", duration(left)],
      ["Began", second(replay.beganAt)],
    ]),
  ];
}

/** Nothing is said while a large view is compared, so silence is told as what it is. */
function silence(replay) {
  return Date.now() - Date.parse(replay.at) < SILENT_MS
    ? null
    : h("p", {}, "It last said so ", when(replay.at), ". If it was killed, the same command goes on where it was.");
}

export function rebuild(replay) {
  const words = replay.said ? h("p", {}, `${capital(replay.projection)}: ${replay.said}`) : null;
  if (replay.end !== null) {
    const [kind, end] = ENDS[replay.end];
    return notice(kind, `The replay of ${replay.asked} ${end}`, h("p", {}, when(replay.at)), words);
  }
  return h(
    "section",
    { "aria-label": "Replay" },
    h("h2", {}, `${capital(replay.asked)} is being built anew`),
    h("p", {}, `${capital(replay.projection)}: ${STEPS[replay.step] ?? replay.step}.`),
    replay.done === null ? words : folding(replay),
    silence(replay),
  );
}
