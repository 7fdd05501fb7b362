/* The public API: queries carry the position of the last command, so that everybody reads their own writes. */

import { forget, position, reached } from "./position.js";
import { problemOf, unreachable } from "./problem.js";
import { Session } from "./session.js";

const CART = "kontor.cart";
const TRIES = 3;
const PAUSE_MS = 400;

const meta = (name) => document.querySelector(`meta[name="kontor-${name}"]`).content;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Api {
  constructor() {
    this.name = meta("name");
    this.write = meta("write");
    this.session = new Session(this.write);
  }

  get cartToken() {
    return localStorage.getItem(CART);
  }

  set cartToken(token) {
    if (token === null) localStorage.removeItem(CART);
    else localStorage.setItem(CART, token);
  }

  /** A query. What is only passing is asked for again; `signal` gives up. */
  async get(path, parameters = null, signal = undefined) {
    const query = parameters === null ? "" : `?${new URLSearchParams(parameters)}`;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.send("GET", path + query, { signal });
      } catch (problem) {
        // A position that is never reached is another log's: this one was begun anew.
        if (problem.code === "position_not_reached" && tried === TRIES) forget();
        if (tried === TRIES || !problem.passing || problem.status === 0) throw problem;
        await pause((problem.retryAfter ?? 0) * 1000 || PAUSE_MS * tried);
      }
    }
  }

  /** A command. With a `key` it may be repeated, and is, when no answer came. */
  async command(method, path, body = undefined, { key = null, wait = null, headers: more = {} } = {}) {
    const headers = { ...more };
    if (key !== null) headers["Idempotency-Key"] = key;
    if (wait !== null) headers.Prefer = `wait=${wait}`;
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.send(method, path, { body, headers, origin: this.write });
      } catch (problem) {
        if (key === null || tried === TRIES || !problem.passing) throw problem;
        if (problem.turn !== null) headers["Kontor-Turn"] = problem.turn;
        await pause((problem.retryAfter ?? 0) * 1000 || PAUSE_MS * tried);
      }
    }
  }

  async send(method, path, request, renewed = false) {
    const token = await this.session.token();
    const response = await this.fetched(method, path, request, token);
    if (response.status === 401 && token !== null && !renewed) {
      await this.session.renew(token);
      return this.send(method, path, request, true);
    }
    if (!response.ok) throw await problemOf(response);
    const body = await content(response);
    if (method !== "GET") this.note(response.headers, body);
    return { body, headers: response.headers };
  }

  async fetched(method, path, { body, headers = {}, origin = "", signal }, token) {
    const sent = { ...headers };
    const known = position();
    if (method === "GET" && known) sent["Kontor-Min-Position"] = known;
    if (body !== undefined) sent["Content-Type"] = "application/json";
    if (token !== null) sent.Authorization = `Bearer ${token}`;
    if (this.cartToken !== null) sent["Cart-Token"] = this.cartToken;
    try {
      return await fetch(origin + path, {
        method,
        headers: sent,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal,
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw unreachable();
    }
  }

  note(headers, body) {
    const token = headers.get("Kontor-Position");
    if (token !== null) reached(token);
    if (body?.cartToken) this.cartToken = body.cartToken;
  }
}

/** The JSON of an answer; null when there is none. */
async function content(response) {
  if (!(response.headers.get("Content-Type") ?? "").includes("json")) return null;
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
}
