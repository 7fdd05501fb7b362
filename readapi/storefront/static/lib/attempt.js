/* Something that is to happen once, however often a button is pressed. */

/** A random one, which nobody else can guess. */
export function freshKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same request keeps its Idempotency-Key until there is an answer; another request, or one after that, has its own. */
export class Attempt {
  constructor(api) {
    this.api = api;
    this.same = null;
    this.key = null;
  }

  async send(method, path, body = undefined, options = {}) {
    const same = JSON.stringify([method, path, body]);
    if (this.same !== same) {
      this.same = same;
      this.key = freshKey();
    }
    try {
      const answer = await this.api.command(method, path, body, { ...options, key: this.key });
      this.same = null;
      return answer;
    } catch (problem) {
      if (!problem.passing) this.same = null;
      throw problem;
    }
  }
}
