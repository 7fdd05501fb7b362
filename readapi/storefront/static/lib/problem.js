/* What the API refused, and what a person can do about it. */

/** Of problems whose own words are for programs, which know SKUs and tokens. */
function forPeople({ code, available }) {
  if (code === "unauthenticated") return { detail: "" };
  if (code !== "out_of_stock" || available === undefined) return {};
  return { title: available > 0 ? `Only ${available} left` : "Sold out meanwhile", detail: "" };
}

/** A problem of RFC 9457, or a request that found nobody. */
class Problem extends Error {
  constructor(status, body, retryAfter = null, turn = null) {
    super(body.detail || body.title);
    this.status = status;
    this.code = body.code ?? "";
    this.title = body.title ?? "Something went wrong";
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.traceId = body.traceId ?? null;
    this.body = body;
    this.retryAfter = retryAfter;
    this.turn = turn; // to be sent with the same request when it is repeated
  }

  /** Nothing was done, or is not known to be: the same request may be sent again. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status === 503 || this.code === "idempotency_in_flight";
  }
}

export async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    body = { title: "Unexpected answer", detail: `The server answered ${response.status} without a reason.` };
  }
  const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const told = { ...body, ...forPeople(body) };
  return new Problem(response.status, told, Number.isNaN(after) ? null : after, response.headers.get("Kontor-Turn"));
}

export function unreachable() {
  return new Problem(0, {
    title: "No connection",
    detail: "The shop cannot be reached at the moment.",
    code: "unreachable",
  });
}

const ADVICE = {
  unreachable: "Check your connection and try again.",
  unauthenticated: "Sign in and try again.",
  second_factor_required: "Enter the code that your app shows now, or a recovery code.",
  forbidden: "Sign in with an account that may do this.",
  not_found: "It may have been removed, or the address is mistyped.",
  out_of_stock: "Take fewer, or choose another seller.",
  version_mismatch: "Reload to see how it is now, then try again.",
  illegal_transition: "Reload to see how it is now.",
  rate_limited: "Wait a moment, then try again.",
  overloaded: "Wait a moment, then try again.",
  storage_unavailable: "Wait a moment, then try again.",
  position_not_reached: "Your last change is still on its way here. Try again in a moment.",
  request_timeout: "Look whether it was done before you try again.",
  admission_required: "Its page shows the line, and whose turn it is.",
  admission_used: "Your orders show what was bought with it.",
  gift_card_unusable: "Leave the code out, or enter another one.",
};

export function advice(problem) {
  return ADVICE[problem.code] ?? (problem.status >= 500 ? "Try again; if it stays, quote the trace id below." : "");
}
