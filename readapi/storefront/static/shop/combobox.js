/* Search as a combobox with a list (https://www.w3.org/WAI/ARIA/apg/patterns/combobox/): typing completes, arrows choose,
   Enter goes, Escape closes. */

import { announce } from "../lib/announce.js";
import { h, put } from "../lib/dom.js";
import { plural } from "../lib/format.js";
import { icon } from "../lib/icons.js";
import { categoryAddress } from "./criteria.js";

const PAUSE_MS = 120;
const KINDS = { category: "Category", brand: "Brand", product: "Product", search: "Search" };

/** Categories are paths; a slash within another name is its own. */
function worded({ kind, text, label }) {
  const shown = label ?? text;
  return kind === "category" ? shown.replaceAll("/", " › ") : shown;
}

function target({ kind, text, productId }) {
  if (kind === "product") return `/product/${productId}`;
  if (kind === "category") return categoryAddress(text);
  return `/search?${new URLSearchParams({ [kind === "search" ? "q" : kind]: text })}`;
}

export class Combobox {
  constructor(api, go) {
    this.api = api;
    this.go = go;
    this.items = [];
    this.chosen = -1;
    this.asked = null;
    this.timer = 0;
    this.input = h("input", {
      id: "search",
      type: "search",
      name: "q",
      placeholder: "Search products, brands, model numbers",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      role: "combobox",
      "aria-label": "Search",
      "aria-expanded": "false",
      "aria-controls": "suggestions",
      "aria-autocomplete": "list",
      oninput: () => this.typed(),
      onkeydown: (event) => this.pressed(event),
      onblur: () => this.close(),
    });
    this.list = h("ul", { id: "suggestions", role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.element = h(
      "form",
      { class: "search", role: "search", action: "/search", onsubmit: (event) => this.submitted(event) },
      this.input,
      h("button", { class: "button", type: "submit", "aria-label": "Search" }, icon("search")),
      this.list,
    );
  }

  typed() {
    clearTimeout(this.timer);
    this.asked?.abort();
    const text = this.input.value.trim();
    if (text.length < 2) this.close();
    else this.timer = setTimeout(() => this.ask(text), PAUSE_MS);
  }

  async ask(text) {
    this.asked = new AbortController();
    try {
      const { body } = await this.api.get("/api/products/suggest", { q: text }, this.asked.signal);
      if (this.input.value.trim() === text && document.activeElement === this.input) this.open(body.items);
    } catch (problem) {
      // Whoever types goes on typing; the search itself will say what is wrong.
      if (problem.name !== "AbortError") this.close();
    }
  }

  open(items) {
    this.items = items;
    this.chosen = -1;
    this.input.removeAttribute("aria-activedescendant");
    put(
      this.list,
      items.map((item, index) =>
        h(
          "li",
          {
            id: `suggestion-${index}`,
            role: "option",
            "aria-selected": "false",
            onmousedown: (event) => {
              event.preventDefault();
              this.follow(index);
            },
          },
          h("span", { class: "text" }, worded(item)),
          h("span", { class: "kind" }, KINDS[item.kind] ?? item.kind),
        ),
      ),
    );
    this.list.hidden = items.length === 0;
    this.input.setAttribute("aria-expanded", String(items.length > 0));
    announce(items.length > 0 ? `${plural(items.length, "suggestion")}; arrow keys choose` : "No suggestions");
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.items = [];
    this.chosen = -1;
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  pressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && this.items.length > 0) {
      event.preventDefault();
      this.choose(this.chosen + steps[event.key]);
    } else if (event.key === "Escape") {
      if (!this.list.hidden) event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && this.chosen >= 0) {
      event.preventDefault();
      this.follow(this.chosen);
    }
  }

  /** One before the first and one behind the last is the input itself. */
  choose(index) {
    const places = this.items.length + 1;
    this.chosen = ((index + 1 + places) % places) - 1;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.chosen)));
    if (this.chosen < 0) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    this.input.setAttribute("aria-activedescendant", `suggestion-${this.chosen}`);
    this.list.children[this.chosen].scrollIntoView({ block: "nearest" });
  }

  follow(index) {
    const item = this.items[index];
    if (item.kind !== "product" && item.kind !== "search") this.input.value = "";
    this.close();
    this.go(target(item));
  }

  submitted(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    this.close();
    this.go(text ? `/search?${new URLSearchParams({ q: text })}` : "/search");
  }
}
