/* Signing in, and opening an account. */

import { h } from "../lib/dom.js";
import { field, form } from "../lib/form.js";
import { signInForm } from "../lib/signinform.js";

/** Only a path of this site, as the browser will read it: it passes over tabs and ends of lines, and dots are steps. */
function onward(query) {
  const to = query.get("to") ?? "/";
  if (!to.startsWith("/") || !URL.canParse(to, location.origin)) return "/";
  const { origin, pathname, search } = new URL(to, location.origin);
  return origin === location.origin && !pathname.startsWith("//") ? pathname + search : "/";
}

export async function signIn({ query }, shop) {
  const { api, basket } = shop;
  // Not by what is kept alone: a session that is over ends here, and not on the way back and forth.
  if ((await api.session.token()) !== null) return shop.router().go(onward(query), { replace: true });

  async function enter({ email, password, otp }) {
    await api.session.signIn(email, password, otp);
    await basket.merge();
    shop.router().go(onward(query), { replace: true });
  }

  async function register({ name, email, password }) {
    await api.command("POST", "/api/auth/register", { name, email, password });
    await enter({ email, password });
  }

  return {
    title: "Sign in",
    content: h(
      "div",
      { class: "two" },
      h(
        "section",
        { class: "panel" },
        h("h1", {}, "Sign in"),
        signInForm(enter),
        h(
          "p",
          { class: "actions" },
          h("a", { class: "button quiet", href: "/forgotten-password" }, "Forgotten your password?"),
        ),
      ),
      h(
        "section",
        { class: "panel" },
        h("h2", {}, "New here?"),
        form(
          register,
          field("Name", "name", { required: true, autocomplete: "name", maxlength: 100 }),
          field("E-mail", "email", { type: "email", required: true, autocomplete: "email" }),
          field("Password", "password", {
            type: "password",
            required: true,
            minlength: 8,
            autocomplete: "new-password",
            hint: "Eight characters or more.",
          }),
          h("button", { class: "button quiet", type: "submit" }, "Open an account"),
        ),
      ),
    ),
  };
}
