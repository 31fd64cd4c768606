// The pictures of the README. They are drawn when EMBEDCTL_WRITE is set, and to be looked at.

import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { host } from "./host.js";
import { Sandbox, browser, watched } from "./support.js";
import { open, widget } from "./walk.js";

const FOLDER = fileURLToPath(new URL("../../assets/screens/", import.meta.url));
const skip = !process.env.EMBEDCTL_WRITE && "EMBEDCTL_WRITE=1 draws them";

test("the widget page", { skip }, async (t) => {
  await mkdir(FOLDER, { recursive: true });
  const opened = await browser();
  t.after(() => opened.close());
  const sandbox = await Sandbox.start(t, "--seed", "1");
  const { url } = await host(t, (origin) => sandbox.mint("v1", "user-42", origin));
  const { page } = await watched(opened, { viewport: { width: 560, height: 760 }, deviceScaleFactor: 1 });
  const frame = widget(page);
  const draw = (name) => page.locator("iframe").screenshot({ path: `${FOLDER}widget-${name}.png` });
  await open(page, url);
  await draw("catalogue");
  await frame.getByRole("button", { name: "Stripe" }).click();
  await frame.getByLabel("Secret key").fill("sk_live_example");
  await frame.getByRole("button", { name: "Connect" }).click();
  await draw("form");
});
