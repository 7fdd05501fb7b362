/* Another e-mail address for one's account: asking for a letter, and confirming where its link leads. */

import { field } from "../lib/form.js";
import { addressPage } from "./letterlink.js";

/* Of a refusal elsewhere the way out is to look again, which helps nobody here. */
const NO_LETTERS = {
  code: "no_letters",
  title: "This shop sends no links by mail",
  detail: "So no address can be confirmed. Ask those who run it",
};

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

export const newEmailPage = async (_, shop) =>
  addressPage(shop, {
    title: "Your new e-mail address",
    otherwise: "Open the link in your letter once more, or ask for another one in your account.",
    path: "/api/auth/email-changes/complete",
    confirmed: "Your new e-mail address is confirmed",
    then: "You sign in with it from now on, and letters go there.",
  });
