/* What a page shows while there is nothing to show: loading, empty, or refused. */

import { h } from "./dom.js";
import { capital } from "./format.js";
import { icon } from "./icons.js";
import { advice } from "./problem.js";

export function loading(what = "Loading", rows = 3) {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("span", { class: "unseen" }, `${what}…`),
    Array.from({ length: rows }, () => h("div", { class: "bone", "aria-hidden": "true" })),
  );
}

export function empty(name, title, text, ...actions) {
  return h(
    "div",
    { class: "empty" },
    icon(name, 40),
    h("h2", {}, title),
    h("p", {}, text),
    h("p", { class: "actions" }, actions),
  );
}

export function notice(kind, title, ...children) {
  const drawn = { good: "check", warn: "warn", bad: "warn", info: "info" }[kind];
  return h("div", { class: `notice ${kind}` }, icon(drawn), h("div", {}, h("strong", {}, title), children));
}

/** What a problem is called: that a request is not valid tells nobody anything, what is wrong with it does. */
export function called({ code, title, detail }) {
  return code === "validation_failed" && detail ? capital(detail) : title;
}

/** A problem with what was wrong, and what to do; `again` offers to repeat. */
export function refused(problem, again = null) {
  const tips = advice(problem);
  const title = called(problem);
  const untold = problem.detail && capital(problem.detail) !== title;
  const shown = notice(
    "bad",
    title,
    untold ? h("p", {}, sentence(problem.detail)) : null,
    problem.errors.length > 1
      ? h(
          "ul",
          {},
          problem.errors.map((error) => h("li", {}, `${error.pointer ?? error.parameter ?? ""} ${error.detail}`)),
        )
      : null,
    tips ? h("p", {}, tips) : null,
    problem.status >= 500 && problem.traceId
      ? h("p", { class: "quiet" }, "Trace id ", h("code", {}, problem.traceId))
      : null,
    problem.code === "unauthenticated"
      ? h("p", {}, h("a", { class: "button", href: signInAddress() }, "Sign in"))
      : null,
    again ? h("p", {}, h("button", { type: "button", class: "button quiet", onclick: again }, "Try again")) : null,
  );
  shown.setAttribute("role", "alert");
  return shown;
}

function signInAddress() {
  return `/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`;
}

function sentence(text) {
  const first = capital(text);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
