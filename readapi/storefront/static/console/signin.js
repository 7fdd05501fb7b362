/* The console is for administrators: the API refuses everybody else, and so this asks who it is first. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { notice } from "../lib/states.js";

export function signIn({ api }) {
  const wrong = api.session.signedIn
    ? notice("warn", "This account is no administrator's", h("p", {}, "Sign in with one that is."))
    : null;
  return h(
    "section",
    { class: "panel narrow" },
    h("h1", {}, "Sign in to the console"),
    wrong,
    form(
      ({ email, password }) => api.session.signIn(email, password),
      field("E-mail", "email", { type: "email", required: true, autocomplete: "username" }),
      field("Password", "password", { type: "password", required: true, autocomplete: "current-password" }),
      h("button", { class: "button", type: "submit" }, "Sign in"),
    ),
  );
}
