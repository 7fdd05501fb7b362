/* Signing in. The field for a code comes when the answer to a password asks for one. */

import { announce } from "./announce.js";
import { h } from "./dom.js";
import { field, form } from "./form.js";

const NEEDED = "second_factor_required";

/** `enter` gets e-mail, password and, where it was asked for, the code. */
export function signInForm(enter) {
  const place = h("div", {});

  async function send(entered) {
    try {
      await enter(entered);
    } catch (problem) {
      if (problem.code !== NEEDED) throw problem;
      if (place.hasChildNodes()) {
        // Once it was asked for, what is wrong is this one.
        throw Object.assign(problem, { errors: [{ pointer: "#/otp", detail: problem.detail }] });
      }
      place.append(
        field("Code", "otp", {
          required: true,
          autocomplete: "one-time-code",
          maxlength: 64,
          hint: "What your app shows now, or one of your recovery codes.",
        }),
      );
      place.querySelector("input").focus();
      announce("Your password is right. Enter a code as well.");
    }
  }

  return form(
    send,
    field("E-mail", "email", { type: "email", required: true, autocomplete: "username" }),
    field("Password", "password", { type: "password", required: true, autocomplete: "current-password" }),
    place,
    h("button", { class: "button", type: "submit" }, "Sign in"),
  );
}
