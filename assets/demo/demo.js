// The page's own script: fetches a token, opens one widget with it, keeps the token fresh while the
// widget is open, lists what the widget tells, and says in plain words what is wrong.
(() => {
  "use strict";

  // How long the widget's page may take to ask for its token before we say that it does not answer.
  const SILENCE = 10_000;
  // How long a token may take: longer than the server waits for Airbyte.
  const TOKEN_TIME = 90_000;
  // The share of a token's life after which a new one is fetched, and the pause after a failure.
  const FRESH = 0.8;
  const AGAIN = 15_000;
  // The longest timer a browser counts; longer ones fire at once.
  const LONGEST = 2 ** 31 - 1;

  const at = (id) => document.getElementById(id);
  const button = at("open-widget");
  const page = document.body.dataset;

  // The widget that is open, if one is: {widget, dialog, facts, due, timer, silence}.
  let current = null;
  let busy = false;

  // ---- what is said -----------------------------------------------------------------------------

  function say(tone, what, ...more) {
    const status = at("status");
    const paragraph = (text, name) => {
      const p = document.createElement("p");
      p.textContent = text;
      if (name) p.className = name;
      return p;
    };
    status.dataset.tone = tone;
    status.replaceChildren(paragraph(what, "what"), ...more.filter(Boolean).map((text) => paragraph(text)));
  }

  // An error that is fit to be shown: what, and what more there is to say.
  class Trouble extends Error {
    constructor(what, ...more) {
      super(what);
      this.more = more;
    }
  }

  function tellTrouble(error) {
    if (error instanceof Trouble) {
      say("bad", error.message, ...error.more);
    } else {
      console.error(error);
      say("bad", "The widget could not be opened.", String(error.message || error));
    }
  }

  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  function showSession(text) {
    at("session").textContent = text;
  }

  // ---- the token --------------------------------------------------------------------------------

  async function fetchToken() {
    let response;
    try {
      response = await fetch("/api/widget_token" + userQuery(), {
        cache: "no-store",
        headers: { accept: "application/json" },
        signal: AbortSignal.timeout(TOKEN_TIME),
      });
    } catch (error) {
      if (error.name === "TimeoutError") {
        throw new Trouble("No token came in time.", "Airbyte may be slow or out of reach. Try again.");
      }
      throw new Trouble("The demo app does not answer.", "Is `embedctl serve` still running?");
    }
    const body = await response.json().catch(() => null);
    if (!response.ok) throw refusal(response, body);
    if (typeof body?.token !== "string") throw new Trouble("The demo app answered without a token.");
    return body.token;
  }

  function refusal(response, body) {
    const error = body?.error;
    if (!error) return new Trouble(`The demo app answered ${response.status}.`, "Is something else listening on its port?");
    const begin = (text) => (/^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text);
    const sentence = (text) => begin(text) + (/[.!?]$/.test(text) ? "" : ".");
    const wait = response.headers.get("retry-after");
    return new Trouble(
      sentence(error.message),
      error.because && sentence(error.because),
      error.hint && sentence(error.hint),
      wait && `Try again in ${wait} s.`,
      `Request ${error.request_id}.`,
    );
  }

  const fromBase64 = (text) => {
    const plain = text.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, "");
    return new TextDecoder().decode(Uint8Array.from(atob(plain), (c) => c.charCodeAt(0)));
  };

  // What a token says of itself: where its widget is, on which origin it opens, until when.
  function read(token) {
    try {
      const inner = JSON.parse(fromBase64(token));
      const url = new URL(inner.widgetUrl);
      let expires = null;
      try {
        const claims = JSON.parse(fromBase64(inner.token.split(".")[1]));
        if (Number.isFinite(claims.exp)) expires = claims.exp * 1000;
      } catch {
        // A token that does not say when it expires is renewed as the guide has it.
      }
      return {
        url,
        expires,
        allowed: url.searchParams.get("allowedOrigin"),
        workspace: url.searchParams.get("workspaceId"),
      };
    } catch {
      throw new Trouble("The token cannot be read.", "`embedctl token inspect` shows what it is.");
    }
  }

  // The widget's page compares the two as strings, and shows nothing when they differ.
  function checkOrigin(facts) {
    if (facts.allowed === location.origin) return;
    const open = facts.allowed ? `Open this page as ${facts.allowed}/, or set` : "Set";
    throw new Trouble(
      "The widget would stay blank here.",
      `This page is on ${location.origin}, and the token opens on ${facts.allowed ?? "no origin at all"}. The two must be the same, letter for letter.`,
      `${open} ALLOWED_ORIGIN=${location.origin} and start the demo app again.`,
    );
  }

  // ---- the widget -------------------------------------------------------------------------------

  async function open() {
    if (busy || current) return;
    busy = true;
    button.setAttribute("aria-disabled", "true");
    say("calm", "Asking for a token …");
    try {
      if (typeof globalThis.AirbyteEmbeddedWidget !== "function") throw scriptMissing();
      const token = await fetchToken();
      const facts = read(token);
      checkOrigin(facts);
      show(token, facts);
    } catch (error) {
      tellTrouble(error);
    } finally {
      busy = false;
      button.removeAttribute("aria-disabled");
    }
  }

  function scriptMissing() {
    return page.widget === "vendor"
      ? new Trouble(
          "The vendor's script did not load.",
          "It comes from cdn.jsdelivr.net, which this browser cannot reach or does not let in.",
          "`embedctl serve --widget own` uses a script of its own.",
        )
      : new Trouble("The widget's script did not load.", "Reload the page.");
  }

  function show(token, facts) {
    const before = new Set(document.querySelectorAll("dialog"));
    const widget = new globalThis.AirbyteEmbeddedWidget({ token, onEvent: heard });
    const dialog = [...document.querySelectorAll("dialog")].find((d) => !before.has(d));
    current = { widget, dialog, facts, due: 0, timer: 0, silence: 0 };
    dialog?.addEventListener("close", () => close());
    current.silence = setTimeout(silent, SILENCE);
    widget.open();
    keepFresh(facts);
    say("calm", "The widget is open.");
  }

  function close() {
    if (!current) return;
    const { widget, timer, silence } = current;
    current = null;
    clearTimeout(timer);
    clearTimeout(silence);
    widget.destroy();
    showSession("none");
    if (at("status").dataset.tone !== "bad") say("calm", "The widget is closed.");
    button.focus();
  }

  function silent() {
    const host = current.facts.url.host;
    say(
      "bad",
      `The widget's page at ${host} does not answer.`,
      "It may be down, out of reach from this browser, or refuse to be shown on this page; a browser that blocks third-party cookies stops it too.",
      "`embedctl check` tells what the page answers. Open the widget again when it does.",
    );
    close();
  }

  // The frame asks for its token when its page has loaded. Both widgets answer it by themselves.
  window.addEventListener("message", (event) => {
    if (!current || event.origin !== current.facts.url.origin) return;
    const frames = [...document.querySelectorAll("iframe")];
    if (!frames.some((frame) => frame.contentWindow === event.source)) return;
    if (event.data === "auth_token_request") {
      clearTimeout(current.silence);
    } else if (event.data === "CLOSE_DIALOG" && !current.dialog) {
      close();
    }
  });

  // ---- renewal ----------------------------------------------------------------------------------

  function keepFresh(facts) {
    const now = Date.now();
    const life = facts.expires === null ? 15 * 60_000 : facts.expires - now;
    if (life <= 0) {
      say("bad", "The token has expired by this computer's clock.", "Set the clock, then open the widget again.");
      showSession("expired");
      return;
    }
    renewAt(now + life * FRESH);
    showSession(`until ${clock(now + life)}, renewed at ${clock(current.due)}`);
  }

  function renewAt(due) {
    clearTimeout(current.timer);
    current.due = due;
    current.timer = setTimeout(renewWhenDue, Math.min(Math.max(due - Date.now(), 0), LONGEST));
  }

  // A computer that slept counts no time, so this is asked at every wake as well. A timer may also
  // come a little early, and a long one comes in parts.
  async function renewWhenDue() {
    if (!current || current.due === Infinity) return;
    if (Date.now() < current.due) {
      renewAt(current.due);
      return;
    }
    const opened = current;
    opened.due = Infinity;
    try {
      const token = await fetchToken();
      const facts = read(token);
      checkOrigin(facts);
      if (current !== opened) return;
      if (facts.workspace === opened.facts.workspace && facts.url.origin === opened.facts.url.origin) {
        opened.widget.updateToken(token);
        opened.facts = facts;
        keepFresh(facts);
      } else {
        // A widget stays in its workspace; another one takes another widget.
        close();
        show(token, facts);
      }
    } catch (error) {
      if (current !== opened) return;
      console.warn("The token could not be renewed:", error.message);
      showSession(`could not be renewed at ${clock(Date.now())}: ${error.message}`);
      renewAt(Date.now() + AGAIN);
    }
  }

  for (const wake of ["focus", "online", "pageshow"]) window.addEventListener(wake, renewWhenDue);
  document.addEventListener("visibilitychange", renewWhenDue);

  // ---- events -----------------------------------------------------------------------------------

  // What an event tells, in both vocabularies that the widget's page has had.
  const TOLD = new Map([
    ["source_created", [" is connected", true]],
    ["source_updated", [" was changed", true]],
    ["source_deleted", [" was taken away", true]],
    ["source_create_error", [" could not be connected", false]],
    ["source_update_error", [" could not be changed", false]],
  ]);

  function heard(event) {
    const told = String(event.message ?? event.type);
    const name = told.replace(/^partial_user_config_/, "source_");
    // What the customer chose, in both shapes: the source's own name ends in the workspace's id.
    const { sourceName, source_template: template, name: own } = event.data ?? {};
    const named = [sourceName, template?.name, own].find((it) => typeof it === "string" && it !== "");
    const source = named ?? "A source";
    const [words, good] = TOLD.get(name) ?? [null, true];
    const error = event.error ? String(event.error.message ?? event.error) : null;
    list(words ? source + words + (error ? `: ${error}` : "") : told, good && !error);
    report(event, error);
  }

  function list(text, good) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    const now = new Date();
    time.dateTime = now.toISOString();
    time.textContent = clock(now);
    const span = document.createElement("span");
    span.textContent = text;
    if (!good) span.className = "bad";
    item.append(time, span);
    at("events").prepend(item);
    at("no-events").hidden = true;
    say(good ? "good" : "bad", text);
  }

  // The source's configuration stays here: the server needs to know what happened, and to what.
  async function report(event, error) {
    const { type, message } = event;
    const { id, sourceId, source_id, name } = event.data ?? {};
    const body = JSON.stringify({ type, message, data: { id: id ?? sourceId ?? source_id, name }, error });
    try {
      const response = await fetch("/api/embedded_response", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        keepalive: true,
      });
      if (!response.ok) console.warn("The demo app did not take the event:", response.status);
    } catch (reason) {
      console.warn("The event could not be handed in:", reason.message);
    }
  }

  // ---- the page ---------------------------------------------------------------------------------

  function userQuery() {
    const user = new URLSearchParams(location.search).get("user");
    return user === null ? "" : "?" + new URLSearchParams({ user });
  }

  at("page-origin").textContent = location.origin;
  button.addEventListener("click", open);
  if (page.choosesUser === "yes") {
    at("choose-user").hidden = false;
    at("choose-user").addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      location.search = "?" + new URLSearchParams({ user: at("other-user").value.trim() });
    });
  }
})();
