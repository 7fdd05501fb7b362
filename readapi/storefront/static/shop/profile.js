/* Who is signed in, under which name, and with which password from now on. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { day } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { unconfirmed } from "./confirmemail.js";
import { askForEmail, emailFields } from "./newemail.js";

const UNREADABLE = "Not readable any more";
const UNANSWERED = "; no answer came to your first try, so the new one may hold already";

/** A form that is folded away, and folds itself when it was sent. */
function folded(title, send, ...fields) {
  const summary = h("summary", {}, title);
  const made = form(
    async (entered) => {
      await send(entered);
      element.open = false;
      summary.focus();
    },
    fields,
    h("button", { class: "button quiet", type: "submit" }, title),
  );
  const element = h("details", { class: "folded" }, summary, made);
  return { element, made };
}

function nameForm(api, me, shown) {
  const { element } = folded(
    "Change your name",
    async ({ name }) => {
      await api.command("PATCH", "/api/me", { name });
      put(shown, name.trim());
      announce("Your name is changed");
    },
    field("Name", "name", { required: true, autocomplete: "name", maxlength: 100, value: me.name ?? "", dir: "auto" }),
  );
  return element;
}

/** Where an answer was lost the new password may hold already, and the next try is told that the present one is wrong. */
function changer(api) {
  let unanswered = false;
  return async (body) => {
    try {
      await api.command("PUT", "/api/me/password", body);
    } catch (problem) {
      if (unanswered && problem.code === "validation_failed") problem.detail += UNANSWERED;
      unanswered ||= problem.status === 0;
      throw problem;
    }
    unanswered = false;
  };
}

function passwordForm(api, me) {
  const change = changer(api);
  const { element, made } = folded(
    "Change your password",
    async ({ currentPassword, newPassword }) => {
      await change({ currentPassword, newPassword });
      made.reset();
      announce("Your password is changed. You are signed out everywhere else.");
    },
    // Whoever keeps passwords for people wants to know whose it is.
    h("input", { type: "email", autocomplete: "username", value: me.email ?? "", hidden: true, readonly: true }),
    field("Password now", "currentPassword", { type: "password", required: true, autocomplete: "current-password" }),
    field("New password", "newPassword", {
      type: "password",
      required: true,
      minlength: 8,
      autocomplete: "new-password",
      hint: "Eight characters or more. Whoever is signed in elsewhere is signed out.",
    }),
  );
  return element;
}

function emailForm(api, said) {
  const asked = (email) => {
    const sent = h("p", {}, "A letter is on its way to ", h("bdi", {}, email), ".");
    put(said, notice("info", "Look into your mail", sent));
    made.reset();
    announce("Look into your mail");
  };
  const { element, made } = folded("Change your e-mail address", askForEmail(api, asked), ...emailFields());
  return element;
}

export function profile(shop, me) {
  const said = h("div", { class: "said" });
  const name = h("p", { class: "who", dir: "auto" }, me.name ?? UNREADABLE);
  return h(
    "section",
    { class: "panel" },
    h("h2", {}, "You"),
    name,
    h("p", {}, h("bdi", { class: "mail" }, me.email ?? UNREADABLE)),
    unconfirmed(shop.api, me),
    h("p", { class: "quiet" }, `Here since ${day(me.createdAt)}`),
    nameForm(shop.api, me, name),
    emailForm(shop.api, said),
    said,
    passwordForm(shop.api, me),
    h(
      "p",
      { class: "actions" },
      h("button", { class: "button quiet", type: "button", onclick: shop.signOut }, "Sign out of this browser"),
    ),
  );
}
