// The backend of Airbyte Embedded for your own app: it hands a widget token to your page.
// Written by embedctl for the __API__ API; yours to change. It needs Node alone, and no package.
//
//   node --env-file=.env server.js      Node 20.6 or newer; with Node 18, set the variables yourself
//
// Node reads the quotes that embedctl writes into a .env as embedctl does; for a file written
// otherwise, `embedctl env check` names the lines that it would read differently. No value is among
// the arguments, where `ps` would show it.
"use strict";

// Set these in .env. The client secret stays in this process: it goes to Airbyte and nowhere else.
const REQUIRED = [
  "AIRBYTE_ORGANIZATION_ID",
  "AIRBYTE_CLIENT_ID",
  "AIRBYTE_CLIENT_SECRET",
  "EXTERNAL_USER_ID",
];

const DEFAULTS = {
  BASE_URL: __BASE_URL__,
  // Where your page lives: scheme://host[:port], exactly. More than one, separated by commas.
  ALLOWED_ORIGIN: __ALLOWED_ORIGIN__,
  PORT: __PORT__,
  // The address to listen on. Beyond this machine, put TLS and your own sign-in in front.
  BIND: "127.0.0.1",
};

const TIMEOUT_MS = 30_000;

// Whose widget is it? Take the user from your own session, never from what the caller says: the
// token opens that user's workspace. One ID for everybody would be one workspace for everybody.
function userOf(_request) {
  return settings.EXTERNAL_USER_ID;
}

let settings;
let api;     // where the API's paths begin
let origins; // from the Host that a request names to the listed origin

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});

async function main() {
  settings = readSettings(process.env);
  api = apiRoot(settings.BASE_URL);
  const [http, path, files] = await Promise.all(
    ["node:http", "node:path", "node:fs/promises"].map((name) => import(name)),
  );
  const page = path.join(path.dirname(process.argv[1]), "index.html");
  const server = http.createServer((request, response) => {
    answer(request, response, () => files.readFile(page)).catch((error) => fail(response, error));
  });
  server.on("error", (error) => {
    console.error(`error: ${settings.BIND} port ${settings.PORT}: ${error.message}`);
    process.exitCode = 1;
  });
  server.listen(Number(settings.PORT), settings.BIND, () => {
    origins = listedOrigins(settings.ALLOWED_ORIGIN, server.address().port);
    console.log(`Listening: ${[...origins.values()].join(" ")}`);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      server.close();
      server.closeIdleConnections?.();
    });
  }
}

function readSettings(env) {
  if (typeof fetch !== "function") throw new Error("Node 18 or newer is needed");
  const found = {};
  for (const name of [...REQUIRED, ...Object.keys(DEFAULTS)]) {
    found[name] = env[name]?.trim() || DEFAULTS[name];
  }
  const missing = REQUIRED.filter((name) => !found[name]);
  if (missing.length > 0) {
    throw new Error(`not set: ${missing.join(", ")}; start with: node --env-file=.env server.js`);
  }
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    throw new Error(
      "NODE_TLS_REJECT_UNAUTHORIZED=0 would send the client secret to whoever answers; " +
        "trust an authority of your own with NODE_EXTRA_CA_CERTS",
    );
  }
  return found;
}

function apiRoot(text) {
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url))) {
    throw new Error("BASE_URL must be https: credentials would cross the network in clear");
  }
  const path = url.pathname.replace(/\/+$/, "");
  return url.origin + (path || __API_ROOT__);
}

// While the listed origins are all of this machine, the one that this server has itself is too.
function listedOrigins(text, port) {
  const listed = text.split(",").map((origin) => new URL(origin.trim()));
  if (listed.every(isLoopback)) listed.push(new URL(`http://localhost:${port}`));
  return new Map(listed.map((url) => [url.host, url.origin]));
}

function isLoopback(url) {
  return ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
}

// --- what is asked -------------------------------------------------------------------------------

const METHODS = { "/": "GET", "/api/widget_token": "GET", "/api/embedded_response": "POST" };

async function answer(request, response, readPage) {
  const { host, origin } = request.headers;
  const path = request.url.split("?")[0];
  response.setHeader("Vary", "Origin");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");

  const own = origins.get(host);
  if (!own) {
    // A token opens on one spelling of this machine alone.
    const local = origins.get(`localhost:${host?.split(":").pop()}`);
    const elsewhere = /^(127\.0\.0\.1|\[::1\]):\d+$/.test(host ?? "");
    if (path === "/" && local && elsewhere) return redirect(response, local);
    throw new Failure(403, "this host is not listed in ALLOWED_ORIGIN");
  }
  if (origin && ![...origins.values()].includes(origin)) {
    throw new Failure(403, "this origin is not listed in ALLOWED_ORIGIN");
  }
  // Only a listed origin may read the answers; never "*".
  if (origin) response.setHeader("Access-Control-Allow-Origin", origin);
  if (request.method === "OPTIONS") return preflight(response);
  const method = METHODS[path];
  if (!method) throw new Failure(404, "there is nothing here");
  if (request.method !== method) throw new Failure(405, `only ${method} is answered here`);

  if (path === "/") return sendPage(response, readPage);
  if (path === "/api/embedded_response") return takeEvent(request, response);
  // A page of others cannot have a token made by naming this address in a picture or a script.
  const site = request.headers["sec-fetch-site"] ?? "none";
  if (!origin && !["none", "same-origin"].includes(site)) {
    throw new Failure(403, "asked for by a page of another site");
  }
  // The page of a same-origin request is the one this host is. The caller chooses neither it nor the user.
  const token = await widgetToken(userOf(request), origin ?? own);
  send(response, 200, { token });
}

// The page and nothing else of the folder, in which .env lies.
async function sendPage(response, readPage) {
  const page = await readPage().catch(() => {
    throw new Failure(404, "index.html does not lie beside server.js: embedctl export html");
  });
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.setHeader("Content-Security-Policy", "frame-ancestors 'none'");
  response.end(page);
}

// What the widget tells, handed in by the page: here your app learns that a customer has connected a
// source. The page says it, so believe it no more than the page.
async function takeEvent(request, response) {
  const event = await readEvent(request);
  const told = [event.message ?? event.type, event.data?.name].filter((text) => typeof text === "string");
  console.log(`event of ${userOf(request)}: ${JSON.stringify(told.join(" ").slice(0, 200))}`);
  response.statusCode = 204;
  response.end();
}

async function readEvent(request) {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) {
    text += piece;
    if (text.length > 64 * 1024) throw new Failure(413, "the event is too large");
  }
  try {
    return Object(JSON.parse(text));
  } catch {
    throw new Failure(400, "the event is not JSON");
  }
}

function redirect(response, origin) {
  response.writeHead(307, { Location: `${origin}/` });
  response.end();
}

function preflight(response) {
  response.setHeader("Access-Control-Allow-Methods", "GET, POST");
  response.setHeader("Access-Control-Allow-Headers", "Content-Type");
  response.statusCode = 204;
  response.end();
}

function send(response, status, body) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

// What went wrong is told with an ID under which it stands in this server's own output.
function fail(response, error) {
  const known = error instanceof Failure;
  const id = Math.random().toString(36).slice(2, 10);
  console.error(`${id}: ${known ? error.message : error.stack}`);
  if (response.headersSent) return response.destroy();
  const message = known ? error.message : "a fault in this server";
  send(response, known ? error.status : 500, { error: message, request_id: id });
}

class Failure extends Error {
  constructor(status, message, upstream) {
    super(message);
    this.status = status;
    this.upstream = upstream;
  }
}

// --- Airbyte -------------------------------------------------------------------------------------

// POST __WIDGET_TOKEN_PATH__: a widget token for this user, opening on this origin. The user's
// workspace is made with the first one: create the connection template before.
async function widgetToken(user, origin) {
  const body = __WIDGET_TOKEN_BODY__;
  const bearer = await accessToken();
  let reply;
  try {
    reply = await post("__WIDGET_TOKEN_PATH__", body, bearer);
  } catch (error) {
    if (error.upstream !== 401) throw error;
    // The access token was over before its time: a new one, once.
    if (held?.value === bearer) held = undefined;
    reply = await post("__WIDGET_TOKEN_PATH__", body, await accessToken());
  }
  if (typeof reply.token !== "string") throw new Failure(502, "Airbyte's answer holds no token");
  return reply.token;
}

let held;    // the access token, used for four fifths of its life
let pending; // the request for one, which all who wait share

async function accessToken() {
  if (held && Date.now() < held.until) return held.value;
  pending ??= fetchAccessToken().finally(() => { pending = undefined; });
  held = await pending;
  return held.value;
}

// POST __ACCESS_TOKEN_PATH__
async function fetchAccessToken() {
  const body = __ACCESS_TOKEN_BODY__;
  const reply = await post("__ACCESS_TOKEN_PATH__", body);
  if (typeof reply.access_token !== "string") {
    throw new Failure(502, "Airbyte's answer holds no access token");
  }
  const life = Number(reply.expires_in) || 60;
  return { value: reply.access_token, until: Date.now() + life * 800 };
}

async function post(path, body, bearer) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  if (bearer) {
    headers.Authorization = `Bearer ${bearer}`;
    __ORGANIZATION_HEADER__
  }
  let response, text;
  try {
    response = await fetch(api + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      redirect: "manual", // credentials never follow to another host
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    if (error.name === "TimeoutError") throw new Failure(504, `Airbyte gave no answer in ${TIMEOUT_MS / 1000} s`);
    throw new Failure(502, `Airbyte was not reached (${error.cause?.code ?? error.name})`);
  }
  if (!response.ok) throw new Failure(502, refusal(response.status, path), response.status);
  try {
    return JSON.parse(text);
  } catch {
    throw new Failure(502, `Airbyte's answer to ${path} is not JSON`);
  }
}

function refusal(status, path) {
  const hint =
    status === 401 ? ": are the client ID and secret right?"
    : status === 403 ? ": may these credentials use Embedded for this organization?"
    : status === 404 || (status >= 300 && status < 400) ? ": has the organization moved? embedctl export node --api agents"
    : "";
  return `Airbyte answered ${status} to ${path}${hint}`;
}
