/* Where an order goes: to one of the addresses that are kept, or to one that is being entered. */

import { Attempt } from "../lib/attempt.js";
import { h, put } from "../lib/dom.js";
import { addressBlock, addressForm } from "./address.js";
import { redraw } from "./focus.js";
import { option, options } from "./options.js";

export class Destination {
  /** `chosen` is told when it is another address, and `entered` when a new one is begun or given up. */
  constructor(api, addresses, { chosen, entered }) {
    this.api = api;
    this.addresses = addresses;
    this.chosen = chosen;
    this.entered = entered;
    this.addressId = addresses.at(-1)?.addressId ?? null; // the newest, as everywhere in the shop
    this.adding = addresses.length === 0;
    this.keeping = new Attempt(api);
    this.element = h("div", {});
    this.draw();
  }

  draw() {
    if (this.adding) put(this.element, this.form());
    else put(this.element, this.list());
  }

  form() {
    const back = this.addresses.length > 0 ? () => this.enter(false) : null;
    return addressForm((fields) => this.keep(fields), back);
  }

  list() {
    const choose = (event) => {
      this.addressId = event.target.value;
      this.chosen();
    };
    const another = { class: "button quiet", type: "button", onclick: () => this.enter(true) };
    return [
      options(
        this.addresses.map((one) => option("address", one.addressId, this.addressId, choose, addressBlock(one))),
      ),
      h("button", another, "Another address"),
    ];
  }

  enter(adding) {
    this.adding = adding;
    const first = () => this.element.querySelector(adding ? "input" : "button").focus();
    redraw(this.element, () => this.draw(), first);
    this.entered();
  }

  async keep(fields) {
    const { body } = await this.keeping.send("POST", "/api/me/addresses", fields);
    this.addresses.push({ addressId: body.addressId, ...fields });
    this.addressId = body.addressId;
    this.adding = false;
    const kept = () => this.element.querySelector("input:checked").focus();
    redraw(this.element, () => this.draw(), kept);
    await this.chosen();
  }
}
