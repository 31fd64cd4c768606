// A widget with the public interface of Airbyte's own: AirbyteEmbeddedWidget({token, onEvent}) with
// open(), updateToken() and destroy(). It shows the page that a widget token names in a dialog, hands
// that page its token, and passes on what it tells. It needs nothing from any network.
//
// The page in the frame and this script talk by messages:
//   frame to us   "auth_token_request"            answered with {scopedAuthToken}
//                 "CLOSE_DIALOG"                  closes the dialog
//                 {type, message, data | error}   handed to onEvent
//   us to frame   {scopedAuthToken}               to the frame's own origin alone
(() => {
  "use strict";

  const STYLE = `
    dialog.embedded-widget {
      width: min(32rem, 100vw - 2rem);
      height: min(46rem, 100vh - 2rem);
      max-width: none;
      max-height: none;
      padding: 0;
      border: 0;
      border-radius: 0.75rem;
      overflow: hidden;
      color: CanvasText;
      background: Canvas;
      box-shadow: 0 1.5rem 4rem rgb(0 0 0 / 35%);
    }
    dialog.embedded-widget[open] { display: flex; flex-direction: column; }
    dialog.embedded-widget::backdrop { background: rgb(10 10 20 / 55%); }
    dialog.embedded-widget .bar {
      flex: none;
      display: flex;
      align-items: center;
      justify-content: space-between;
      gap: 1rem;
      padding: 0.5rem 0.5rem 0.5rem 1rem;
      font: 600 1rem/1.4 system-ui, sans-serif;
      border-bottom: 1px solid rgb(128 128 128 / 35%);
    }
    dialog.embedded-widget .bar button {
      font: inherit;
      font-weight: 500;
      padding: 0.375rem 0.75rem;
      color: inherit;
      background: transparent;
      border: 1px solid rgb(128 128 128 / 60%);
      border-radius: 0.5rem;
      cursor: pointer;
    }
    dialog.embedded-widget iframe { flex: 1; width: 100%; border: 0; }
    @media (max-width: 34rem) {
      dialog.embedded-widget { width: 100vw; height: 100vh; height: 100dvh; margin: 0; border-radius: 0; }
    }`;

  let styled = false;

  // A constructed sheet is no inline style, so a strict policy lets it pass.
  function style() {
    if (styled) return;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    styled = true;
  }

  // Either alphabet of base64, padded or not, around JSON in UTF-8.
  function decode(token) {
    if (typeof token !== "string" || token.trim() === "") {
      throw new Error("Token is required to initialize AirbyteEmbeddedWidget");
    }
    try {
      const plain = token.replace(/\s+/g, "").replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
      const bytes = Uint8Array.from(atob(plain), (c) => c.charCodeAt(0));
      const inner = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      if (typeof inner.token !== "string" || inner.token === "") throw new Error("it holds no token");
      const url = new URL(inner.widgetUrl);
      if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("its widgetUrl is no web address");
      return { scoped: inner.token, url };
    } catch (error) {
      throw new Error("Failed to decode token: " + error.message, { cause: error });
    }
  }

  class AirbyteEmbeddedWidget {
    #held;
    #onEvent;
    #dialog;
    #frame;
    #asked = false;
    #listener = (event) => this.#hear(event);

    constructor({ token, onEvent } = {}) {
      this.#held = decode(token);
      this.#onEvent = typeof onEvent === "function" ? onEvent : () => {};
      style();
      window.addEventListener("message", this.#listener);
      this.#build();
    }

    open() {
      if (!this.#dialog.isConnected) throw new Error("The widget has been destroyed");
      if (!this.#dialog.open) this.#dialog.showModal();
    }

    // A frame stays in the workspace that it was opened for; another one takes another widget.
    updateToken(token) {
      const next = decode(token);
      const workspace = (held) => held.url.searchParams.get("workspaceId");
      if (next.url.origin !== this.#held.url.origin || workspace(next) !== workspace(this.#held)) {
        throw new Error("The token is for another workspace: make a new widget for it");
      }
      this.#held = next;
      if (this.#asked) this.#hand();
    }

    destroy() {
      window.removeEventListener("message", this.#listener);
      if (this.#dialog.open) this.#dialog.close();
      this.#dialog.remove();
    }

    #build() {
      const make = (name, more) => Object.assign(document.createElement(name), more);
      const close = make("button", { type: "button", textContent: "Close" });
      close.addEventListener("click", () => this.#dialog.close());
      const bar = make("div", { className: "bar" });
      bar.append(make("span", { textContent: "Connect your data" }), close);
      this.#frame = make("iframe", { title: "Integrations", allow: "fullscreen", src: this.#held.url.href });
      this.#dialog = make("dialog", { className: "embedded-widget" });
      this.#dialog.setAttribute("aria-label", "Connect your data");
      this.#dialog.append(bar, this.#frame);
      document.body.append(this.#dialog);
    }

    #hand() {
      this.#frame.contentWindow?.postMessage({ scopedAuthToken: this.#held.scoped }, this.#held.url.origin);
    }

    // Both must be right: another frame of the same origin is not ours, and ours may have gone elsewhere.
    #hear(event) {
      if (event.source !== this.#frame.contentWindow || event.origin !== this.#held.url.origin) return;
      if (event.data === "auth_token_request") {
        this.#asked = true;
        this.#hand();
      } else if (event.data === "CLOSE_DIALOG") {
        this.#dialog.close();
      } else if (event.data && typeof event.data === "object" && event.data.type) {
        this.#onEvent(event.data);
      }
    }
  }

  globalThis.AirbyteEmbeddedWidget = AirbyteEmbeddedWidget;
})();
