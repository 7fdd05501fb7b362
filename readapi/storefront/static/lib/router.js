/* Addresses to pages. A page is a function that fills the main element; what it returns is called when it is left. */

import { announce } from "./announce.js";
import { h, put } from "./dom.js";
import { called, loading, refused } from "./states.js";
import { forgetServed, takeOver } from "./takeover.js";

const address = () => location.pathname + location.search;

export class Router {
  /** `routes` are pairs of a pattern with one group for each parameter, and a page. */
  constructor(main, name, routes, missing) {
    this.main = main;
    this.name = name;
    this.routes = routes;
    this.missing = missing;
    this.leave = null;
    this.visit = 0;
    this.shown = null;
    this.entry = undefined; // of the browser's history: the one that is shown
    this.places = new Map(); // how far down somebody was in each
    document.addEventListener("click", (event) => this.clicked(event));
    addEventListener("popstate", () => this.moved());
    addEventListener("scroll", () => this.places.set(this.entry, scrollY), { passive: true });
  }

  /** What is no page here may be one of the other application: the server knows. Without `focus` it is the same page
      with another content, which is left in sight until that has come. */
  go(to, { replace = false, focus = true } = {}) {
    if (this.find(new URL(to, location.href).pathname)[0] === this.missing) {
      location[replace ? "replace" : "assign"](to);
      return new Promise(() => {}); // until this page is gone
    }
    history[replace ? "replaceState" : "pushState"]({ entry: Date.now() }, "", to);
    return this.show(focus, focus ? 0 : null);
  }

  /** Back and forward, to where somebody was: the browser scrolls there too, but before the page is drawn. A link to a
      part of this page ends up here too, and must not take from under it what is drawn. */
  moved() {
    if (address() !== this.shown) this.show(false, this.places.get(history.state?.entry) ?? 0);
  }

  /** `place` is how far down to begin; null leaves that as it is. */
  async show(focus = true, place = 0) {
    this.entry = history.state?.entry;
    this.shown = address();
    this.leave?.();
    this.leave = null;
    this.visit += 1;
    const visit = this.visit;
    const current = () => visit === this.visit;
    const [page, parameters] = this.find(location.pathname);
    const served = visit === 1 && this.main.querySelector(":scope > :not(noscript)") !== null;
    if (visit > 1) forgetServed();
    const wait = () => {
      if (!current()) return;
      if (place === null) this.main.setAttribute("aria-busy", "true");
      else put(this.main, loading("Loading the page"));
    };
    const waiting = served ? 0 : setTimeout(wait, 120);
    try {
      const shown = await page({ parameters, query: new URLSearchParams(location.search), current });
      if (!current()) {
        shown?.leave?.();
        return;
      }
      this.leave = shown.leave ?? null;
      takeOver(this.main, () => put(this.main, shown.content));
      if (place !== null && visit > 1) scrollTo(0, place);
      this.title(shown.title, focus);
    } catch (problem) {
      if (!current() || problem.name === "AbortError") return;
      if (problem.title === undefined) throw problem;
      put(
        this.main,
        h("h1", { class: "unseen" }, called(problem)),
        refused(problem, problem.code === "not_found" ? null : () => this.show()),
      );
      this.title(called(problem), focus);
    } finally {
      clearTimeout(waiting);
      if (current()) this.main.removeAttribute("aria-busy");
    }
  }

  title(text, focus) {
    document.title = text === this.name ? text : `${text} · ${this.name}`;
    if (!focus) return;
    const heading = this.main.querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
    if (!heading) announce(text);
  }

  find(path) {
    for (const [pattern, page] of this.routes) {
      const found = pattern.exec(path);
      if (found) return [page, found.slice(1)];
    }
    return [this.missing, []];
  }

  clicked(event) {
    const link = event.target.closest("a[href]");
    if (
      !link ||
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const url = new URL(link.href);
    const inside = url.origin === location.origin && !link.target && this.find(url.pathname)[0] !== this.missing;
    if (!inside || (url.hash && url.pathname === location.pathname)) return;
    event.preventDefault();
    this.go(url.pathname + url.search);
  }
}
