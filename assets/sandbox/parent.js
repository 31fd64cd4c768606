// What passes between this page and the one that has it in a frame. Every message goes to the
// allowed origin and comes from it; the comparison is of strings, so a slash or another port is
// another origin.

/** How long the page around this one may take to answer, in milliseconds. */
const PATIENCE = 5000;

/** No token came, and why. */
export class NoToken extends Error {}

/** The page around this one. */
export class Parent {
  #origin;
  #token = null;
  /** The question that is open: what it will come to, and how it is answered. */
  #asked = null;

  /** @param {string | null} origin the only one that is spoken to */
  constructor(origin) {
    this.#origin = origin;
    window.addEventListener("message", (event) => this.#hear(event));
  }

  /** The scoped token: the one at hand, or one that is asked for. */
  token() {
    return this.#token ? Promise.resolve(this.#token) : this.ask();
  }

  /** Asks for a token, whatever is at hand. Who asks meanwhile waits for the same answer. */
  ask() {
    if (!this.#origin) {
      return Promise.reject(new NoToken(
        "The link to this page names no allowed origin, so it asks nobody for a token."));
    }
    if (window.parent === window) {
      return Promise.reject(new NoToken(
        "No page has this one in a frame, so there is nobody to ask for a token."));
    }
    if (!this.#asked) {
      const { promise, resolve, reject } = Promise.withResolvers();
      const late = setTimeout(() => reject(this.#silence()), PATIENCE);
      this.#asked = { promise, resolve };
      promise.catch(() => {}).finally(() => {
        clearTimeout(late);
        this.#asked = null;
      });
      try {
        this.#post("auth_token_request");
      } catch {
        reject(new NoToken(`The allowed origin is none that a browser knows: ${this.#origin}`));
      }
      return promise;
    }
    return this.#asked.promise;
  }

  #silence() {
    const why = `No token came within ${PATIENCE / 1000} seconds. The page around this one must be `
      + `served from exactly ${this.#origin} and answer auth_token_request with a scopedAuthToken.`;
    console.error(why);
    return new NoToken(why);
  }

  /** Tells what the customer did: the source that came of it, or the error. */
  tell(message, outcome) {
    this.#say({ type: "end_user_action_result", message, ...outcome });
  }

  /** Asks to be closed. */
  close() {
    this.#say("CLOSE_DIALOG");
  }

  #say(message) {
    if (!this.#origin || window.parent === window) return;
    try {
      this.#post(message);
    } catch {
      // An origin that is none: there is nobody to tell.
    }
  }

  #post(message) {
    window.parent.postMessage(message, this.#origin);
  }

  #hear(event) {
    if (event.origin !== this.#origin) return;
    const token = event.data?.scopedAuthToken;
    if (typeof token !== "string" || token === "") return;
    this.#token = token;
    this.#asked?.resolve(token);
  }
}
