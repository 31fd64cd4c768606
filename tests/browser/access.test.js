// What everybody must be able to use: the pages judged by axe, the rules of WCAG, light and dark.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { Sandbox, Service, browser, watched } from "./support.js";
import { open, sampleData, widget } from "./walk.js";

let [opened, rules] = [];
before(async () => {
  rules = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  opened = await browser();
});
after(() => opened.close());

/** What the rules find in a frame, a line each. */
async function found(frame) {
  await frame.evaluate(rules);
  const { violations } = await frame.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    // The widget's page is a part of another page, which has the main landmark of the whole.
    iframes: false,
  }));
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
}

for (const colorScheme of ["light", "dark"]) {
  test(`nothing stands in anybody's way, ${colorScheme}`, async (t) => {
    const sandbox = await Sandbox.start(t);
    const app = await Service.start(["serve", "--env-file", sandbox.file, "--bind", "127.0.0.1:0"], sandbox.home);
    t.after(() => app.stop());
    const { context, page } = await watched(opened, { colorScheme, reducedMotion: "reduce" });
    t.after(() => context.close());
    await page.goto(app.ready.url);
    assert.deepEqual(await found(page.mainFrame()), [], "the demo app");
    await open(page, app.ready.url);
    assert.deepEqual(await found(page.mainFrame()), [], "its dialog");
    const inner = page.frames().at(-1);
    assert.deepEqual(await found(inner), [], "the catalogue");
    const frame = widget(page);
    const judge = async (what) => {
      await frame.locator("main:not([aria-busy])").waitFor();
      assert.deepEqual(await found(inner), [], what);
    };
    await frame.getByRole("button", { name: "Postgres" }).click();
    await frame.getByText("Optional settings").click();
    await frame.getByLabel("Update method").selectOption("Change data capture");
    await frame.getByRole("button", { name: "Connect" }).click();
    await judge("a form with faults");
    await frame.getByRole("button", { name: "Back" }).click();
    await sampleData(page).click();
    await frame.getByText("Optional settings").click();
    await judge("a form without");
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByRole("button", { name: "Done" }).waitFor();
    await judge("what was saved");
    await frame.getByRole("button", { name: "All integrations" }).click();
    await judge("what is connected");
    await frame.getByRole("button", { name: "Edit Sample Data" }).click();
    await frame.getByRole("button", { name: "Delete …" }).click();
    await judge("the question before a deletion");
  });
}
