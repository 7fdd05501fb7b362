/* Deleting an account: what it takes along, what stays, and what has to be done before. */

import { h, put } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { capital } from "../lib/format.js";
import { empty, notice } from "../lib/states.js";
import { forgetHere } from "../lib/keep.js";
import { focusHeading } from "./focus.js";
import { shopOf } from "./goods.js";

/* Orders that may still be on their way. */
const OPEN = ["PENDING", "PAID", "PACKED", "SHIPPED"];

const MEANS = [
  "Your name, e-mail address and addresses are erased, and nobody can bring them back. Cards and wishlist go too.",
  "You are signed out everywhere, and cannot sign in any more.",
  "Your orders stay in the books without your name, and you cannot look at them any more.",
];
const CALLED_OFF =
  "What is not packed yet is called off and paid back. What is packed still comes, with no account to follow it.";
const OF_SELLERS = "Before, your shop has to withdraw what it offers, and to send or call off what was ordered there.";

const DELETED = [
  "Your account is deleted",
  "Your name and addresses are erased",
  "Your orders stay in the books without them. Thank you for having been here.",
];
/* The answer to an earlier try was lost: the account may be gone, or the session alone. */
const SIGNED_OUT = [
  "You are signed out",
  "Your account may be deleted already",
  "No answer came to your first try. If you cannot sign in any more, it is done; else delete it once more.",
];

/** What becomes of orders that are under way. Nothing where that cannot be told. */
async function underWay(api) {
  const asked = OPEN.map((status) => api.get("/api/orders", { status, limit: 1 }));
  const some = await Promise.all(asked).then(
    (answers) => answers.some(({ body }) => body.items.length > 0),
    () => false,
  );
  if (!some) return null;
  return notice(
    "warn",
    "Something is still on its way to you",
    h("p", {}, `${CALLED_OFF} `, h("a", { href: "/orders" }, "Look at your orders first")),
  );
}

/** Why it cannot be yet, with the shop's name where its id is told. */
async function standsAgainst(api, detail) {
  const id = /shp_\w+/.exec(detail)?.[0];
  const shop = id ? await shopOf(api, id) : null;
  return `${capital(shop ? detail.replace(id, `“${shop.name}”`) : detail)}.`;
}

function farewell(api, title, called, text) {
  const front = h("a", { class: "button", href: "/" }, "Go to the front page");
  document.title = `${title} · ${api.name}`;
  put(document.querySelector("main"), h("h1", {}, title), empty("check", called, text, front));
  focusHeading();
}

/** `leave` ends what would ask for a new sign-in as soon as this session is over. */
export function deletion({ api }, me, leave) {
  const said = h("div", { class: "said", role: "alert" });
  const open = h("div", {});
  let unanswered = false;

  async function erase() {
    put(said);
    try {
      await api.command("DELETE", "/api/me");
    } catch (problem) {
      if (problem.code === "unauthenticated" && unanswered) farewell(api, ...SIGNED_OUT);
      unanswered ||= problem.passing;
      if (problem.code !== "illegal_transition") throw problem;
      put(said, notice("bad", "Your account cannot be deleted yet", h("p", {}, await standsAgainst(api, problem.detail))));
      return;
    }
    leave();
    await api.session.end();
    forgetHere();
    farewell(api, ...DELETED);
  }

  const typed = field("Type your e-mail address to confirm", "confirmation", {
    required: true,
    inputmode: "email",
    spellcheck: "false",
    autocapitalize: "none",
  });
  const input = typed.querySelector("input");
  input.addEventListener("input", () => {
    const same = input.value.trim().toLowerCase() === (me.email ?? "").toLowerCase();
    input.setCustomValidity(same ? "" : `This is not ${me.email}.`);
  });
  const fold = () => {
    element.open = false;
    summary.focus();
  };
  const summary = h("summary", {}, "Delete your account");
  const element = h(
    "details",
    { class: "folded" },
    summary,
    h(
      "ul",
      { class: "means" },
      [...MEANS, ...(me.scopes.includes("merchant") ? [OF_SELLERS] : [])].map((text) => h("li", {}, text)),
    ),
    open,
    form(
      erase,
      typed,
      h(
        "p",
        { class: "actions" },
        h("button", { class: "button bad", type: "submit" }, "Delete for good"),
        h("button", { class: "button quiet", type: "button", onclick: fold }, "Keep my account"),
      ),
    ),
    said,
  );
  element.addEventListener("toggle", async () => {
    if (element.open) put(open, await underWay(api));
  });
  return h("section", { class: "panel" }, h("h2", {}, "Leaving"), element);
}
