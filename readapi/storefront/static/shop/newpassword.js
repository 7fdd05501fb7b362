/* A forgotten password: asking for a letter, and setting a new one where its link leads. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { done, notWhole, tokenHere, tokenUsed, whenAnotherComes } from "./letterlink.js";

const SENT =
  "If an account has this address, a letter with a link is on its way. The link works once, for 30 minutes. " +
  "Look among unwanted mail too.";
/* Of a refusal elsewhere the way out is to look again, which helps nobody here. */
const NO_LETTERS = {
  code: "no_letters",
  title: "This shop sends no links by mail",
  detail: "Ask those who run it to set a new password for you",
};
const UNANSWERED = "; no answer came to your first try, so the new password may hold already: try to sign in with it";

export async function forgottenPage(_, { api }) {
  const title = "Forgotten your password?";
  const back = "Back to signing in";

  async function ask({ email }) {
    try {
      await api.command("POST", "/api/auth/password-resets", { email });
    } catch (problem) {
      throw problem.code === "illegal_transition" ? Object.assign(problem, NO_LETTERS) : problem;
    }
    done(title, "mail", "Look into your mail", SENT, h("a", { class: "button quiet", href: "/sign-in" }, back));
  }

  return {
    title,
    content: h(
      "section",
      { class: "panel narrow" },
      h("h1", {}, title),
      h("p", {}, "Say which address you sign in with. We send a letter there, with a link to set a new one."),
      form(
        ask,
        field("E-mail", "email", { type: "email", required: true, autocomplete: "username" }),
        h("button", { class: "button", type: "submit" }, "Send me a link"),
      ),
      h("p", { class: "actions" }, h("a", { class: "button quiet", href: "/sign-in" }, back)),
    ),
  };
}

/** Where an answer was lost the password may be set, and the next try is told that the link does not work any more. */
function setter({ api }, token) {
  let unanswered = false;
  return async ({ newPassword }) => {
    try {
      await api.command("POST", "/api/auth/password-resets/complete", { token, newPassword });
    } catch (problem) {
      if (unanswered && problem.code === "validation_failed") problem.detail += UNANSWERED;
      unanswered ||= problem.status === 0;
      throw problem;
    }
    tokenUsed();
    await api.session.signOut(); // whoever was signed in here is out as everywhere
    done(
      "Set a new password",
      "check",
      "Your new password is set",
      "You are signed out everywhere. Sign in with it now.",
      h("a", { class: "button", href: "/sign-in" }, "Sign in"),
    );
  };
}

export async function newPasswordPage(_, shop) {
  const title = "Set a new password";
  const token = tokenHere();
  const leave = whenAnotherComes(() => shop.router().show());
  if (!token) {
    const text = "Open the link in your letter once more, or have another one sent.";
    const button = h("a", { class: "button", href: "/forgotten-password" }, "Have a link sent");
    return { title, content: notWhole(title, text, button), leave };
  }
  return {
    title,
    content: h(
      "section",
      { class: "panel narrow" },
      h("h1", {}, title),
      form(
        setter(shop, token),
        field("New password", "newPassword", {
          type: "password",
          required: true,
          minlength: 8,
          autocomplete: "new-password",
          hint: "Eight characters or more. Whoever is signed in with your account is signed out.",
        }),
        h("button", { class: "button", type: "submit" }, "Set this password"),
      ),
      h(
        "p",
        { class: "actions" },
        h("a", { class: "button quiet", href: "/forgotten-password" }, "Have another link sent"),
      ),
    ),
    leave,
  };
}
