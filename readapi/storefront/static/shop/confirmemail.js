/* Whether an account's e-mail address is its owner's: confirming where a letter's link leads, and having it sent again. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { day } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { addressPage } from "./letterlink.js";
import { once } from "./once.js";

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

export const confirmEmailPage = async (_, shop) =>
  addressPage(shop, {
    title: "Your e-mail address",
    otherwise: "Open the link in your letter once more, or have another one sent from your account.",
    path: "/api/auth/email-confirmations/complete",
    confirmed: "Your e-mail address is confirmed",
    then: "There is nothing else to do.",
  });
