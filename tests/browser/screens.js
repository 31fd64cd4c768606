// The pictures of the README, drawn by `EMBEDCTL_WRITE=1 tests/browser/run`, and to be looked at.

import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { host } from "./host.js";
import { Sandbox, Service, browser, watched } from "./support.js";
import { open, widget } from "./walk.js";

const FOLDER = fileURLToPath(new URL("../../assets/screens/", import.meta.url));

/** What is in motion is drawn as it will be. */
const draw = (what, name) => what.screenshot({ path: `${FOLDER}${name}.png`, animations: "disabled" });

test("the demo app and the widget in it", async (t) => {
  const opened = await browser();
  t.after(() => opened.close());
  const sandbox = await Sandbox.start(t, "--seed", "1");
  const args = ["serve", "--env-file", sandbox.file, "--bind", "127.0.0.1:0"];
  const app = await Service.start(args, sandbox.home);
  t.after(() => app.stop());
  const { page } = await watched(opened, { viewport: { width: 960, height: 800 } });
  await open(page, app.ready.url);
  await draw(page, "demo-dialog");
});

test("the widget page", async (t) => {
  const opened = await browser();
  t.after(() => opened.close());
  const sandbox = await Sandbox.start(t, "--seed", "1");
  const { url } = await host(t, (origin) => sandbox.mint("v1", "user-42", origin));
  const { page } = await watched(opened, { viewport: { width: 560, height: 760 }, deviceScaleFactor: 1 });
  const frame = widget(page);
  await open(page, url);
  await draw(page.locator("iframe"), "widget-catalogue");
  await frame.getByRole("button", { name: "Stripe" }).click();
  await frame.getByLabel("Secret key").fill("sk_live_example");
  await frame.getByRole("button", { name: "Connect" }).click();
  await draw(page.locator("iframe"), "widget-form");
});
