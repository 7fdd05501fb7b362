/* Whether an account's e-mail address is its owner's: confirming where a letter's link leads, and having it sent again. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { form } from "../lib/form.js";
import { day } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { done, notWhole, tokenHere, tokenUsed, whenAnotherComes } from "./letterlink.js";
import { once } from "./once.js";

const toAccount = () => h("a", { class: "button", href: "/account" }, "Your account");

/** What an account's page says as long as a letter to its address was not answered. */
export function unconfirmed(api, me) {
  if (me.emailConfirmed || me.confirmationAskedAt === null) return null;
  const said = h("div", { class: "said" });
  const send = once(said, async () => {
    await api.command("POST", "/api/me/email-confirmations");
    put(said, notice("info", "Look into your mail", h("p", {}, "A letter is on its way. Its link works for three days.")));
    announce("Look into your mail");
  });
  return h(
    "div",
    { class: "unconfirmed" },
    h("p", { class: "quiet" }, `Not confirmed yet: we sent a letter there on ${day(me.confirmationAskedAt)}. You can buy all the same.`),
    h("p", { class: "actions" }, h("button", { class: "button quiet", type: "button", onclick: send }, "Send the letter again")),
    said,
  );
}

export async function confirmEmailPage(_, shop) {
  const title = "Your e-mail address";
  const token = tokenHere();
  const leave = whenAnotherComes(() => shop.router().show());
  if (!token) {
    const text = "Open the link in your letter once more, or have another one sent from your account.";
    return { title, content: notWhole(title, text, toAccount()), leave };
  }

  async function confirm() {
    await shop.api.command("POST", "/api/auth/email-confirmations/complete", { token });
    tokenUsed();
    done(title, "check", "Your e-mail address is confirmed", "There is nothing else to do.", toAccount());
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
