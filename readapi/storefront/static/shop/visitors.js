/* Pages of somebody's own: whoever is not signed in is asked to, and comes back. */

import { h } from "../lib/dom.js";
import { empty } from "../lib/states.js";

export function signInAddress(to = location.pathname + location.search) {
  return `/sign-in?${new URLSearchParams({ to })}`;
}

function visitors(title, why) {
  return {
    title,
    content: [
      h("h1", {}, title),
      empty("person", "Sign in first", why, h("a", { class: "button", href: signInAddress() }, "Sign in")),
    ],
  };
}

/** The page `show`, for those it belongs to; a session may also have ended without a word. */
export function own(title, why, show) {
  return async (visit, shop) => {
    if (!shop.api.session.signedIn) return visitors(title, why);
    try {
      const shown = await show(visit, shop);
      if (shop.api.session.signedIn) return shown;
      shown.leave?.(); // signed out while it was asked for: it is nobody's any more
      return visitors(title, why);
    } catch (problem) {
      if (problem.code !== "unauthenticated") throw problem;
      return visitors(title, why);
    }
  };
}
