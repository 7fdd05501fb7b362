/* The console is for administrators: the API refuses everybody else, and so this asks who it is first. */

import { h } from "../lib/dom.js";
import { signInForm } from "../lib/signinform.js";
import { notice } from "../lib/states.js";

const WAYS =
  "Sign in with one that is. Where administrators need a second factor, yours may lack it: set it up in your account.";

export function signIn({ api }) {
  const wrong = api.session.signedIn
    ? notice(
        "warn",
        "This account is no administrator's",
        h("p", {}, WAYS),
        h("p", {}, h("a", { href: "/account" }, "Your account")),
      )
    : null;
  return h(
    "section",
    { class: "panel narrow" },
    h("h1", {}, "Sign in to the console"),
    wrong,
    signInForm(({ email, password, otp }) => api.session.signIn(email, password, otp)),
    h(
      "p",
      { class: "actions" },
      h("a", { class: "button quiet", href: "/forgotten-password" }, "Forgotten your password?"),
    ),
  );
}
