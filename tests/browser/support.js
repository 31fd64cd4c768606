// What the tests stand on: the program's own processes, a browser, and a watch over every page.
// Nothing here sleeps: what is waited for is a line, an answer, or a state of the page.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

/** The program under test. */
const BINARY = process.env.EMBEDCTL_BINARY;

/** How long anything may take before a test gives up on it, in milliseconds. */
export const DEADLINE = 60_000;

/** A command that runs until it is stopped, ready when it has said so in JSON. */
export class Service {
  static async start(args, home) {
    const child = spawn(BINARY, [...args, "-o", "json"], {
      env: { PATH: process.env.PATH, HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const service = new Service(child);
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, "exit").then(() => {
      throw new Error(`${args.join(" ")} ended: ${service.said}`);
    });
    // Whoever stops it later is not waiting for this.
    ended.catch(() => {});
    let text = "";
    service.ready = await Promise.race([ended, new Promise((resolve) => {
      lines.on("line", (line) => {
        text += line;
        try {
          resolve(JSON.parse(text));
        } catch {
          // The document goes on.
        }
      });
    })]);
    return service;
  }

  constructor(child) {
    this.child = child;
    /** What it said on stderr. */
    this.said = "";
    child.stderr.on("data", (piece) => { this.said += piece; });
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await ended;
  }
}

/** Runs a command to its end; its exit code and what it said. */
export async function run(args, home) {
  const child = spawn(BINARY, args, {
    env: { PATH: process.env.PATH, HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (piece) => { out += piece; });
  child.stderr.on("data", (piece) => { err += piece; });
  const [code] = await once(child, "close");
  return { code, out, err };
}

/** A folder that is removed with the test. */
export async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), "embedctl-browser-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A sandbox with its settings in a file and, as an operator leaves it, a template for each API. */
export class Sandbox {
  static async start(t, ...args) {
    const home = await folder(t);
    const file = join(home, ".env");
    const service = await Service.start(["sandbox", "--bind", "127.0.0.1:0", "--write-env", file, ...args], home);
    t.after(() => service.stop());
    const sandbox = new Sandbox(service, file, home);
    for (const api of ["v1", "agents"]) {
      const made = await sandbox.run("template", "create", "--yes", "--api", api);
      if (made.code !== 0) throw new Error(`no template on ${api}: ${made.err}`);
    }
    return sandbox;
  }

  constructor(service, file, home) {
    this.service = service;
    this.file = file;
    this.home = home;
    this.url = service.ready.data?.api_url ?? service.ready.api_url;
    this.env = service.ready.data?.env ?? service.ready.env;
  }

  /** Runs a command of the program against it. */
  run(...args) {
    return run([...args, "--env-file", this.file, "--no-input"], this.home);
  }

  async #json(path, body, headers = {}) {
    const answer = await fetch(`${this.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { "content-type": "application/json", ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  fault(fault) {
    return this.#json("/__sandbox/faults", { fault });
  }

  state() {
    return this.#json("/__sandbox/state");
  }

  /** An operator's call. */
  async operator(path, body) {
    const { AIRBYTE_CLIENT_ID: client_id, AIRBYTE_CLIENT_SECRET: client_secret } = this.env;
    const { access_token } = await this.#json("/v1/applications/token", { client_id, client_secret });
    return this.#json(path, body, { authorization: `Bearer ${access_token}` });
  }

  /** A widget token, minted as an application's backend would. */
  async mint(api, user, origin, more = {}) {
    const { token } = api === "agents"
      ? await this.operator("/api/v1/account/applications/widget-token",
        { workspace_name: user, allowed_origin: origin, ...more })
      : await this.operator("/v1/embedded/widget_token",
        { organizationId: this.env.AIRBYTE_ORGANIZATION_ID, externalUserId: user, allowedOrigin: origin });
    return token;
  }

  /** The rows that have landed for a user, by stream, once there are some. */
  async landed(user) {
    const { code, out, err } = await this.run("verify", user, "--wait", "30s", "-o", "json");
    if (code !== 0) throw new Error(`verify ended with ${code}: ${err} ${out}`);
    const streams = JSON.parse(out).data.streams;
    return Object.fromEntries(streams.map(({ name, rows }) => [name, rows]));
  }
}

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A browser with a profile of its own. */
export function browser() {
  return chromium.launch({
    executablePath: process.env.EMBEDCTL_CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
}

/** A new page, and everything on it that should not be. */
export async function watched(opened, options = {}) {
  const context = await opened.newContext(options);
  context.setDefaultTimeout(DEADLINE);
  const page = await context.newPage();
  const problems = [];
  context.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => problems.push(`error: ${error.error().message}`));
  context.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    const here = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
    if (!here && !["data:", "about:", "blob:"].includes(protocol)) problems.push(`request: ${request.url()}`);
  });
  await context.exposeBinding("reportViolation", (_, what) => problems.push(`policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation",
      (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return { context, page, problems };
}

/** Resolves when a condition holds. */
export async function until(condition) {
  const late = Date.now() + DEADLINE;
  while (!(await condition())) {
    if (Date.now() > late) throw new Error(`this never came true: ${condition}`);
    await new Promise(setImmediate);
  }
}

/** Whether a token has ended, by its own claim. */
export function hasEnded(token) {
  const { exp } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  return Date.now() / 1000 >= exp;
}

/** The scoped token in a widget token. */
export function scoped(widgetToken) {
  return JSON.parse(Buffer.from(widgetToken, "base64")).token;
}
