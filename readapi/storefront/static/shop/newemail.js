/* Another e-mail address for one's account: asking for a letter, and confirming where its link leads. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { done, notWhole, tokenHere, tokenUsed, whenAnotherComes } from "./letterlink.js";

/* Of a refusal elsewhere the way out is to look again, which helps nobody here. */
const NO_LETTERS = {
  code: "no_letters",
  title: "This shop sends no links by mail",
  detail: "So no address can be confirmed. Ask those who run it",
};

const toAccount = () => h("a", { class: "button", href: "/account" }, "Your account");

/** What a form about it asks; `asked` is told the address to which a letter goes. */
export function askForEmail(api, asked) {
  return async ({ email, currentPassword }) => {
    try {
      await api.command("POST", "/api/me/email-changes", { email, currentPassword });
    } catch (problem) {
      throw problem.code === "illegal_transition" ? Object.assign(problem, NO_LETTERS) : problem;
    }
    asked(email.trim());
  };
}

export const emailFields = () => [
  field("New e-mail address", "email", { type: "email", required: true, autocomplete: "email" }),
  field("Password", "currentPassword", {
    type: "password",
    required: true,
    autocomplete: "current-password",
    hint: "We send a letter to the new address. Nothing changes until you open its link.",
  }),
];

export async function newEmailPage(_, shop) {
  const title = "Your new e-mail address";
  const token = tokenHere();
  const leave = whenAnotherComes(() => shop.router().show());
  if (!token) {
    const text = "Open the link in your letter once more, or ask for another one in your account.";
    return { title, content: notWhole(title, text, toAccount()), leave };
  }

  async function confirm() {
    await shop.api.command("POST", "/api/auth/email-changes/complete", { token });
    tokenUsed();
    const text = "You sign in with it from now on, and letters go there.";
    done(title, "check", "Your new e-mail address is confirmed", text, toAccount());
  }

  return {
    title,
    content: h(
      "section",
      { class: "panel narrow" },
      h("h1", {}, title),
      h("p", {}, "You opened the link of a letter that went to it."),
      form(confirm, h("button", { class: "button", type: "submit" }, "Confirm this address")),
    ),
    leave,
  };
}
