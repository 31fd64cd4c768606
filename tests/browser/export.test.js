// The files of `embedctl export node`, as their reader runs them: Node, the .env beside them, and the
// page in a browser. The page loads the vendor's script from a CDN; here our own, which has the same
// interface, stands in for it, so that nothing leaves this machine.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Sandbox, browser, watched } from "./support.js";
import { walk } from "./walk.js";

const CDN = "https://cdn.jsdelivr.net/";
const SCRIPT = fileURLToPath(new URL("../../assets/demo/embedded-widget.js", import.meta.url));

let opened;
before(async () => { opened = await browser(); });
after(() => opened.close());

/** Runs the exported server on a free port; its address. */
async function served(t, sandbox, api) {
  const { code, err } = await sandbox.run("export", "node", "--dir", sandbox.home, "--api", api);
  assert.equal(code, 0, err);
  const child = spawn(process.execPath, [`--env-file=${sandbox.file}`, join(sandbox.home, "server.js")], {
    env: { PATH: process.env.PATH, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return line.split(" ").at(-1);
}

/** The page shows what the widget told, and hands it to nobody. */
async function shown(page) {
  const text = await page.locator("#status").filter({ hasText: /_created/ }).textContent();
  return { message: text.split(":")[0] };
}

for (const [api, event] of [["v1", "partial_user_config_created"], ["agents", "source_created"]]) {
  test(`a customer connects Sample Data on the exported page, on ${api}`, async (t) => {
    const sandbox = await Sandbox.start(t);
    const url = await served(t, sandbox, api);
    const { context, page, problems } = await watched(opened);
    t.after(() => context.close());
    await page.route(`${CDN}**`, (route) => route.fulfill({ path: SCRIPT }));
    const told = await walk(url, { page, rows: 9, told: shown });
    assert.equal(told.message, event);
    assert.deepEqual(await sandbox.landed("user-42"), { users: 9, products: 9, purchases: 9 });
    const others = problems.filter((problem) => !problem.startsWith(`request: ${CDN}`));
    assert.deepEqual(others, []);
  });
}
