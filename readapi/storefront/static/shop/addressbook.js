/* The addresses that somebody keeps: one more, another street, one less. */

import { announce } from "../lib/announce.js";
import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { addressBlock, addressForm, lines } from "./address.js";
import { gone, once } from "./once.js";

/* What the form left empty is taken away from an address that had it. */
const NOTHING = { line2: null, city: null, region: null, postalCode: null };

export class AddressBook {
  constructor(api, addresses) {
    this.api = api;
    this.adding = new Attempt(api);
    this.said = h("div", { class: "said" });
    this.list = h("ul", { class: "kept", role: "list", "aria-label": "Addresses" });
    this.below = h("div", {});
    for (const address of addresses) this.list.prepend(this.entry(address));
    this.closed();
    this.ordered();
    this.element = h("section", { class: "panel" }, h("h2", {}, "Addresses"), this.list, this.said, this.below);
  }

  /** The newest is on top, as it is the one that the shop takes where none is chosen. */
  ordered() {
    for (const entry of this.list.children) entry.classList.toggle("first", entry === this.list.firstElementChild);
  }

  closed() {
    const text = this.list.children.length > 0 ? "Another address" : "Add an address";
    const open = { class: "button quiet", type: "button", onclick: () => this.opened() };
    put(
      this.below,
      this.list.children.length > 0 ? null : h("p", { class: "quiet" }, "None yet. One that you buy with is kept here."),
      h("button", open, text),
    );
  }

  opened() {
    const back = () => {
      this.closed();
      this.below.querySelector("button").focus();
    };
    put(this.below, h("h3", {}, "A new address"), addressForm((fields) => this.add(fields), back));
    this.below.querySelector("input").focus();
  }

  async add(fields) {
    const { body } = await this.adding.send("POST", "/api/me/addresses", fields);
    this.list.prepend(this.entry({ addressId: body.addressId, ...fields }));
    this.ordered();
    this.closed();
    this.below.querySelector("button").focus();
    announce("The address is kept");
  }

  entry(address) {
    const entry = h("li", {});
    this.show(entry, address);
    return entry;
  }

  show(entry, address) {
    const named = lines(address).slice(0, 2).join(", ");
    const change = () => {
      this.change(entry, address);
      entry.querySelector("input").focus();
    };
    const remove = once(this.said, () => this.remove(entry, address));
    put(
      entry,
      h("p", { class: "tag above" }, "Taken first"),
      addressBlock(address),
      h(
        "p",
        { class: "actions" },
        h(
          "button",
          { class: "button quiet", type: "button", "aria-label": `Change ${named}`, onclick: change },
          "Change",
        ),
        h(
          "button",
          { class: "button bare", type: "button", "aria-label": `Delete ${named}`, onclick: remove },
          "Delete",
        ),
      ),
    );
  }

  change(entry, address) {
    const path = `/api/me/addresses/${address.addressId}`;
    const shown = (now) => {
      this.show(entry, now);
      entry.querySelector("button").focus();
    };
    const send = async (fields) => {
      await this.api.command("PATCH", path, { ...NOTHING, ...fields });
      shown({ addressId: address.addressId, ...fields });
      announce("The address is changed");
    };
    put(
      entry,
      h("h3", {}, "Change this address"),
      addressForm(send, () => shown(address), address),
    );
  }

  async remove(entry, address) {
    if (!confirm(`Delete this address?\n\n${lines(address).join("\n")}\n\nOrders that go there keep it.`)) return;
    await gone(this.api.command("DELETE", `/api/me/addresses/${address.addressId}`));
    entry.remove();
    this.ordered();
    this.closed();
    this.below.querySelector("button").focus();
    announce("The address is deleted");
  }
}
