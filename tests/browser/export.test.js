// The files of `embedctl export node`, as their reader runs them: Node, the .env beside them, and the
// page in a browser. The page loads the vendor's script from a CDN; here our own, which has the same
// interface, stands in for it, so that nothing leaves this machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Sandbox, browser, watched } from "./support.js";
import { open, walk, widget } from "./walk.js";

const CDN = "https://cdn.jsdelivr.net/npm/@airbyte-embedded/airbyte-embedded-widget@0.4.5";
const SCRIPT = fileURLToPath(new URL("../../assets/demo/embedded-widget.js", import.meta.url));

let opened;
before(async () => { opened = await browser(); });
after(() => opened.close());

/** The exported server on a free port, and a page that is watched. */
async function site(t, api, ...args) {
  const sandbox = await Sandbox.start(t, ...args);
  const written = await sandbox.run("export", "node", "--dir", sandbox.home, "--api", api);
  assert.equal(written.code, 0, written.err);
  const server = spawn(process.execPath, ["--env-file=.env", "server.js"], {
    cwd: sandbox.home,
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    const ended = once(server, "exit");
    server.kill();
    await ended;
  });
  const said = [];
  const lines = createInterface({ input: server.stdout });
  lines.on("line", (line) => said.push(line));
  const [ready] = await once(lines, "line");
  const { context, page, problems } = await watched(opened);
  t.after(() => context.close());
  await context.route(CDN, (route) => route.fulfill({ path: SCRIPT }));
  const others = () => problems.filter((problem) => problem !== `request: ${CDN}`);
  return { sandbox, page, others, said, url: ready.split(" ").at(-1) };
}

for (const [api, event] of [["v1", "partial_user_config_created"], ["agents", "source_created"]]) {
  test(`a customer connects Sample Data on the exported page, on ${api}`, async (t) => {
    const { sandbox, page, others, said, url } = await site(t, api);
    const told = await walk(url, { page, rows: 9 });
    assert.equal(told.message, event);
    assert.deepEqual(Object.keys(told).sort(), ["data", "message"], "no more of the source than its name");
    assert.deepEqual(await sandbox.landed("user-42"), { users: 9, products: 9, purchases: 9 });
    const line = `event of user-42: ${JSON.stringify(`${event} ${told.data.name}`)}`;
    assert.ok(said.includes(line), said.join("\n"));
    assert.deepEqual(others(), []);
  });
}

test("one widget is made, and its token is renewed while it is open", async (t) => {
  const { page, url } = await site(t, "v1", "--token-ttl", "10");
  await open(page, url);
  await page.waitForResponse((response) => response.url().endsWith("/api/widget_token"));
  await widget(page).getByRole("button", { name: "Close" }).click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await page.locator("#open-widget").click();
  await page.locator("dialog[open]").waitFor();
  assert.equal(await page.locator("dialog").count(), 1);
});

test("what is wrong is said on the page", async (t) => {
  const { sandbox, page, url } = await site(t, "v1");
  await sandbox.fault("widget=status:403*1");
  await page.goto(url);
  await page.locator("#open-widget").click();
  await page.getByRole("status").getByText("may these credentials use Embedded").waitFor();
  await page.locator("#open-widget").click();
  await page.locator("dialog[open]").waitFor();
});
