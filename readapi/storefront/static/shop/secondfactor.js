/* A second factor for one's own account: its secret and its recovery codes are shown once, and kept by nobody here. */

import { announce } from "../lib/announce.js";
import { h, put, s } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { day, number } from "../lib/format.js";
import { notice } from "../lib/states.js";
import { once } from "./once.js";

const PATH = "/api/me/second-factor";
const FEW = 3;

const password = () =>
  field("Password", "currentPassword", { type: "password", required: true, autocomplete: "current-password" });

const code = (hint) => field("Code", "code", { required: true, autocomplete: "one-time-code", maxlength: 64, hint });

/** The drawing of an answer, built anew: nothing of an answer is parsed. */
function picture(svg) {
  const [, size] = /viewBox="0 0 ([0-9]+) /.exec(svg) ?? [];
  const [, drawn] = / d="([Mmh0-9. -]+)"/.exec(svg) ?? [];
  if (!size || !drawn) return null;
  return s(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": "QR code for your authenticator app" },
    s("path", { d: drawn }),
  );
}

class SecondFactor {
  constructor(api, known) {
    this.api = api;
    this.heading = h("h2", { tabindex: "-1" }, "Second factor");
    this.body = h("div", {});
    this.element = h("section", { class: "panel" }, this.heading, this.body);
    if (known.active) this.showOn(known);
    else this.showOff();
  }

  showOff() {
    const begin = form(
      async (entered) => this.showSecret((await this.api.command("POST", PATH, entered)).body),
      password(),
      h("button", { class: "button quiet", type: "submit" }, "Set it up"),
    );
    put(
      this.body,
      h("p", {}, "With one, signing in takes a code that an app on your telephone shows, besides your password."),
      h("details", { class: "folded" }, h("summary", {}, "Set up a second factor"), begin),
    );
  }

  showSecret({ secret, uri, qrCode }) {
    const confirm = form(
      async ({ code: shown }) => {
        const { body } = await this.api.command("POST", `${PATH}/confirm`, { code: shown });
        this.showRecovery(body.recoveryCodes, "Signing in takes a code from now on", "You are signed out everywhere else.");
      },
      code("What the app shows now."),
      h("button", { class: "button", type: "submit" }, "Switch it on"),
    );
    put(
      this.body,
      h("p", {}, "Have your authenticator app read this picture, then enter the code that it shows. ", "Nothing changes before."),
      picture(qrCode),
      h("p", {}, h("a", { href: uri }, "Open it in an app on this device"), ", or type this key in:"),
      h("p", {}, h("code", { class: "secret" }, secret.match(/.{1,4}/g).join(" "))),
      confirm,
      h(
        "p",
        { class: "actions" },
        h("button", { class: "button bare", type: "button", onclick: () => this.settle(() => this.showOff()) }, "Not now"),
      ),
    );
    this.settle(() => announce("Enter the code that your app shows"));
  }

  /** `title` and `told` say what has happened. */
  showRecovery(codes, title, told) {
    const said = h("div", { class: "said" });
    const kept = once(said, async () => {
      // What a token may do can depend on it.
      await this.api.session.renew(this.api.session.access?.token).catch(() => null);
      const { body } = await this.api.get(PATH);
      this.settle(() => this.showOn(body));
    });
    put(
      this.body,
      notice(
        "good",
        title,
        h("p", {}, told, " Keep these recovery codes where you find them without your telephone: ",
          "each signs in once in place of a code, and they are not shown again."),
      ),
      h("ul", { class: "recovery", role: "list", "aria-label": "Recovery codes" }, codes.map((one) => h("li", {}, h("code", {}, one)))),
      h("p", { class: "actions" }, h("button", { class: "button", type: "button", onclick: kept }, "I have kept them")),
      said,
    );
    this.settle(() => announce(title));
  }

  showOn({ since, recoveryCodesLeft }) {
    const left = recoveryCodesLeft === 1 ? "1 recovery code" : `${number(recoveryCodesLeft)} recovery codes`;
    const redraw = form(
      async (entered) => {
        const { body } = await this.api.command("POST", `${PATH}/recovery-codes`, entered);
        this.showRecovery(body.recoveryCodes, "You have other recovery codes", "Those from before work no more.");
      },
      code("What your app shows now."),
      h("button", { class: "button quiet", type: "submit" }, "Have other codes"),
    );
    const remove = form(
      async (entered) => {
        await this.api.command("POST", `${PATH}/remove`, entered);
        this.settle(() => this.showOff());
        announce("The second factor is removed");
      },
      password(),
      code("What your app shows now, or a recovery code."),
      h("button", { class: "button quiet", type: "submit" }, "Remove it"),
    );
    put(
      this.body,
      h("p", {}, `Signing in takes a code since ${day(since)}. You have ${left} left.`),
      recoveryCodesLeft <= FEW
        ? notice("warn", "Few recovery codes are left", h("p", {}, "Have other ones below, before the last is used."))
        : null,
      h("details", { class: "folded" }, h("summary", {}, "Have other recovery codes"), redraw),
      h("details", { class: "folded" }, h("summary", {}, "Remove the second factor"), remove),
    );
  }

  /** The keyboard goes on at the heading: what it was on is gone. */
  settle(change) {
    change();
    this.heading.focus();
  }
}

export function secondFactor(api, known) {
  return new SecondFactor(api, known).element;
}
