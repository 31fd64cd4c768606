// An application with the widget in it, as small as it can be: a page with a button and a dialog,
// and a backend that mints. It stands in for a customer's own, so that the widget page is tested by
// the protocol alone.

import { createServer } from "node:http";

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Host</title><link rel="icon" href="data:,"></head><body>
<h1>Host</h1><button id="open-widget">Open</button><ol id="events"></ol>
<dialog aria-label="Widget"><iframe title="Widget" width="480" height="640"></iframe></dialog>
<style>dialog{padding:0;max-width:100%}iframe{display:block;border:0;max-width:100%}</style>
<script>
const dialog = document.querySelector("dialog");
const frame = document.querySelector("iframe");
const button = document.querySelector("#open-widget");
window.heard = [];
let inner;
const mint = async () => {
  const { token } = await (await fetch("/api/widget_token")).json();
  return JSON.parse(atob(token));
};
button.onclick = async () => {
  inner = await mint();
  frame.src = inner.widgetUrl;
  dialog.showModal();
};
dialog.addEventListener("close", () => button.focus());
let asked = 0;
addEventListener("message", async ({ data, origin, source }) => {
  if (source !== frame.contentWindow || origin !== new URL(inner.widgetUrl).origin) return;
  window.heard.push(data instanceof Object ? { ...data, error: data.error && data.error.message } : data);
  if (data === "auth_token_request") {
    if (asked++ > 0 && !window.keeps) inner = await mint();
    source.postMessage({ scopedAuthToken: inner.token }, origin);
  } else if (data === "CLOSE_DIALOG") dialog.close();
  else if (data.type) {
    document.querySelector("#events").append(Object.assign(document.createElement("li"), { textContent: data.message }));
    await fetch("/api/embedded_response", { method: "POST", body: JSON.stringify(data) });
  }
});
</script></body></html>`;

/** Serves it; `mint(origin)` is its backend. */
export async function host(t, mint) {
  const tokens = [];
  const server = createServer(async (request, response) => {
    const origin = `http://localhost:${server.address().port}`;
    if (request.url === "/api/widget_token") {
      const token = await mint(origin);
      tokens.push(token);
      response.setHeader("content-type", "application/json").end(JSON.stringify({ token }));
    } else if (request.url === "/api/embedded_response") {
      response.end();
    } else {
      response.setHeader("content-type", "text/html").end(PAGE);
    }
  });
  await new Promise((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  t.after(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return { url: `http://localhost:${server.address().port}`, tokens };
}
