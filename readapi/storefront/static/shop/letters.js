/* Switches for letters: about one's orders, and about one's wishes, which are advertising and off until somebody wants them. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { refused } from "../lib/states.js";

/** `about` is a member of `notifications`. A switch that is refused goes back, and `said` shows why. */
export function letterSwitch(api, about, on, said, label) {
  async function turned() {
    box.disabled = true;
    put(said);
    try {
      await api.command("PATCH", "/api/me", { notifications: { [about]: box.checked } });
      announce(box.checked ? `You will get letters about your ${about}` : `You will get no letters about your ${about}`);
    } catch (problem) {
      if (problem.title === undefined) throw problem;
      box.checked = !box.checked;
      put(said, refused(problem));
    } finally {
      box.disabled = false;
      box.focus();
    }
  }
  const box = h("input", { type: "checkbox", role: "switch", checked: on, onchange: turned });
  return h("label", { class: "switch" }, box, h("span", {}, label));
}
