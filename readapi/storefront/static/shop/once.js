/* What a button does, once at a time however often it is pressed. */

import { put } from "../lib/dom.js";
import { refused } from "../lib/states.js";

/** A listener. What was refused shows in `said`; the button says that it is busy, and keeps the focus, which disabling
    it would take away. */
export function once(said, work) {
  let busy = false;
  return async ({ currentTarget: button }) => {
    if (busy) return;
    busy = true;
    button.setAttribute("aria-busy", "true");
    put(said);
    try {
      await work();
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      put(said, refused(problem));
    } finally {
      busy = false;
      button.removeAttribute("aria-busy");
    }
  };
}

/** For what is to be gone afterwards: that it is gone already is as good. */
export async function gone(command) {
  try {
    await command;
  } catch (problem) {
    if (problem.code !== "not_found") throw problem;
  }
}
