/* A note and what to do with it: decisions that the log keeps for ever. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { refused } from "../lib/states.js";

/** `choices` are a label, a path, and the button's class; `done` is called when one of them was carried out. */
export function decision(api, about, choices, { noted, done }) {
  const attempt = new Attempt(api);
  let path = null;
  const made = form(
    async ({ note }) => {
      await attempt.send("POST", path, note === undefined ? {} : { note });
      announce(`${about}: done`);
      await done();
    },
    field("Note", "note", { maxlength: 500, required: noted }),
    h(
      "p",
      { class: "actions" },
      choices.map(([label, to, kind]) =>
        h(
          "button",
          {
            class: `button ${kind}`,
            type: "submit",
            "aria-label": `${label}: ${about}`,
            onclick: () => {
              path = to;
            },
          },
          label,
        ),
      ),
    ),
  );
  return made;
}

/** One button for what needs no words. */
export function act(api, label, about, path, done) {
  const attempt = new Attempt(api);
  const said = h("span", {});
  async function run() {
    put(said);
    try {
      await attempt.send("POST", path);
      announce(`${label}: ${about}, done`);
      await done();
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(said, refused(problem));
    }
  }
  return h(
    "div",
    {},
    h("button", { class: "button quiet", type: "button", "aria-label": `${label}: ${about}`, onclick: run }, label),
    said,
  );
}
