/* Who is signed in. The access token is this tab's own; the refresh token, which works once, is shared by all tabs and
   used by one at a time. Beside it lies the key with which it is to be used: a page that is left while it waits for the
   answer leaves the next one able to ask again. */

import { freshKey } from "./attempt.js";
import { drop, keep, kept } from "./keep.js";
import { problemOf, unreachable } from "./problem.js";

const REFRESH = "refresh";
const SIGNED_IN = "kontor.signed-in";
const ACCESS = "kontor.access";
const EARLY_MS = 30_000;
/* Of a 401 elsewhere the way out is to sign in, which is what was tried here. */
const WRONG_PASSWORD = { code: "wrong_password", title: "The e-mail address or password is wrong", detail: "" };

function scopesOf(access) {
  return access ? access.scope.split(" ") : [];
}

export class Session extends EventTarget {
  constructor(write) {
    super();
    this.write = write;
    this.access = JSON.parse(sessionStorage.getItem(ACCESS) ?? "null");
    addEventListener("storage", (event) => {
      if (event.key !== SIGNED_IN) return;
      if (event.newValue === null) this.forget();
      else this.dispatchEvent(new Event("change"));
    });
  }

  get signedIn() {
    return localStorage.getItem(SIGNED_IN) !== null;
  }

  get scopes() {
    return scopesOf(this.access);
  }

  /** A token that lives for a while yet, or null for a visitor. */
  async token() {
    if (!this.signedIn) return null;
    if (this.access && this.access.until > Date.now() + EARLY_MS) return this.access.token;
    return this.renew(this.access?.token);
  }

  /** Another token than `stale`. One tab at a time: a refresh token that is used twice ends the session. */
  renew(stale) {
    return exclusively("kontor.refresh", async () => {
      if (this.access && this.access.token !== stale) return this.access.token;
      const refresh = await kept(REFRESH);
      if (refresh === undefined) {
        this.forget();
        return null;
      }
      try {
        await this.grant({ grant_type: "refresh_token", refresh_token: refresh.token }, refresh.key);
      } catch (problem) {
        if (problem.status !== 401) throw problem;
        this.forget();
        return null;
      }
      return this.access.token;
    });
  }

  /** `otp` where the account wants a code besides: without one that is the problem `second_factor_required`. */
  async signIn(email, password, otp) {
    const code = otp === undefined ? {} : { otp };
    try {
      await this.grant({ grant_type: "password", username: email, password, ...code });
    } catch (problem) {
      throw problem.code === "unauthenticated" ? Object.assign(problem, WRONG_PASSWORD) : problem;
    }
    this.dispatchEvent(new Event("change"));
  }

  async grant(fields, key = null) {
    const headers = key === null ? {} : { "Idempotency-Key": key };
    const body = new URLSearchParams(fields);
    let response;
    try {
      response = await fetch(`${this.write}/api/auth/token`, { method: "POST", headers, body });
    } catch {
      throw unreachable();
    }
    if (!response.ok) throw await problemOf(response);
    const granted = await response.json();
    this.access = {
      token: granted.access_token,
      scope: granted.scope,
      until: Date.now() + granted.expires_in * 1000,
    };
    sessionStorage.setItem(ACCESS, JSON.stringify(this.access));
    await keep(REFRESH, { token: granted.refresh_token, key: freshKey() });
    localStorage.setItem(SIGNED_IN, "yes");
  }

  async signOut() {
    const token = await this.token().catch(() => null);
    await this.end();
    if (!token) return;
    const headers = { Authorization: `Bearer ${token}` };
    // Whoever leaves is out here at once, whether or not the server hears of it.
    await fetch(`${this.write}/api/auth/logout`, { method: "POST", headers }).catch(() => null);
  }

  /** Nobody is signed in here any more; the server is not asked. */
  async end() {
    this.forget();
    await drop(REFRESH);
  }

  forget() {
    this.access = null;
    sessionStorage.removeItem(ACCESS);
    localStorage.removeItem(SIGNED_IN);
    this.dispatchEvent(new Event("change"));
  }
}

/** Across tabs where the browser has locks, which it has on https and localhost; else within this one. */
let queue = Promise.resolve();
function exclusively(name, work) {
  if (navigator.locks) return navigator.locks.request(name, work);
  const next = queue.then(work, work);
  queue = next.catch(() => null);
  return next;
}
