// The demo app as its users meet it: `embedctl serve` and the sandbox as processes of their own, the
// page in a browser, the rows in the bucket.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { host } from "./host.js";
import { Sandbox, Service, browser, folder, hasEnded, scoped, until, watched } from "./support.js";
import { open, sampleData, walk, widget } from "./walk.js";

let opened;
before(async () => { opened = await browser(); });
after(() => opened.close());

/** The demo app over a sandbox, and a page that is watched. */
async function site(t, { api = "v1", args = [], serve = [], options } = {}) {
  const sandbox = await Sandbox.start(t, ...args);
  const app = await Service.start(
    ["serve", "--env-file", sandbox.file, "--api", api, "--bind", "127.0.0.1:0", ...serve], sandbox.home);
  t.after(() => app.stop());
  const { context, page, problems } = await watched(opened, options);
  t.after(() => context.close());
  return { sandbox, app, url: app.ready.url, page, problems, frame: widget(page) };
}

const status = (page) => page.locator("#status");

for (const [api, event] of [["v1", "partial_user_config_created"], ["agents", "source_created"]]) {
  describe(`on ${api}`, () => {
    test("a customer connects Sample Data: the app is told, and the rows land in the bucket", async (t) => {
      const { sandbox, app, url, page, problems } = await site(t, { api });
      const told = await walk(url, { page, rows: 25 });
      assert.equal(told.message, event);
      assert.match(await page.locator("#events").innerText(), /Sample Data is connected/);
      assert.equal(await page.evaluate(() => document.activeElement.id), "open-widget");
      await until(() => app.said.includes("event source_created"));
      assert.deepEqual(await sandbox.landed("user-42"), { users: 25, products: 25, purchases: 25 });
      assert.deepEqual(problems, []);
    });

    test("a token that ends while the dialog is open is renewed, and what was typed stays", async (t) => {
      const { sandbox, url, page, frame, problems } = await site(t, { api, args: ["--token-ttl", "3"] });
      const first = page.waitForResponse((response) => response.url().endsWith("/api/widget_token"));
      await open(page, url);
      const { token } = await (await first).json();
      await sampleData(page).click();
      await frame.getByText("Optional settings").click();
      await frame.getByLabel("Users").fill("11");
      await until(() => hasEnded(scoped(token)));
      assert.equal(await frame.getByLabel("Users").inputValue(), "11");
      await frame.getByRole("button", { name: "Connect" }).click();
      await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
      const { users } = await sandbox.landed("user-42");
      assert.equal(users, 11);
      const unexpected = problems.filter((problem) => !problem.includes("401"));
      assert.deepEqual(unexpected, []);
    });

    test("a refusal of Airbyte's is told in plain words, and the next try works", async (t) => {
      const { sandbox, url, page } = await site(t, { api });
      await page.goto(url);
      await sandbox.fault("widget=status:403*1");
      await page.locator("#open-widget").click();
      await status(page).getByText("mint a widget token").waitFor();
      assert.equal(await page.locator("dialog[open]").count(), 0);
      assert.ok(!(await status(page).innerText()).includes(sandbox.env.AIRBYTE_CLIENT_SECRET));
      await page.locator("#open-widget").click();
      await sampleData(page).waitFor();
    });
  });
}

describe("on either API", () => {
  test("the keyboard alone is enough, and Esc leads back to the button", async (t) => {
    const { url, page, frame, problems } = await site(t);
    await page.goto(url);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "open-widget");
    await page.keyboard.press("Enter");
    await sampleData(page).waitFor();
    // From the dialog's own button into the frame.
    while (await page.evaluate(() => document.activeElement.tagName) !== "IFRAME") {
      await page.keyboard.press("Tab");
    }
    const at = () => frame.locator(":focus").evaluate((it) => it.ariaLabel ?? it.textContent);
    const reach = async (name) => {
      for (let tries = 0; tries < 20 && !(await at()).includes(name); tries += 1) await page.keyboard.press("Tab");
      assert.ok((await at()).includes(name), `${name} is not reached`);
      await page.keyboard.press("Enter");
    };
    await reach("Sample Data");
    await frame.locator("h1:focus").waitFor();
    await reach("Connect");
    await frame.getByRole("button", { name: "Done" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "open-widget");
    assert.deepEqual(problems, []);
  });

  test("on a narrow screen nothing runs over the edge", async (t) => {
    const { url, page, frame, problems } = await site(t, { options: { viewport: { width: 320, height: 640 } } });
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await page.goto(url);
    assert.equal(await over(), 0);
    await open(page, url);
    assert.equal(await over(), 0);
    assert.equal(await frame.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth), 0);
    assert.deepEqual(problems, []);
  });

  test("one command is the whole story, offline", async (t) => {
    const app = await Service.start(["serve", "--sandbox", "--bind", "127.0.0.1:0"], await folder(t));
    t.after(() => app.stop());
    const told = await walk(app.ready.url);
    assert.equal(told.message, "partial_user_config_created");
  });

  test("another spelling of this machine leads to the one on which tokens open", async (t) => {
    const { url, page } = await site(t);
    await page.goto(url.replace("localhost", "127.0.0.1"));
    assert.equal(new URL(page.url()).origin, new URL(url).origin);
  });

  test("a token for another origin is explained, and no frame is left waiting", async (t) => {
    const { sandbox, url, page } = await site(t);
    const foreign = await sandbox.mint("v1", "user-42", "http://localhost:9");
    await page.route("**/api/widget_token", (route) => route.fulfill({ json: { token: foreign } }));
    await page.goto(url);
    await page.locator("#open-widget").click();
    await status(page).getByText("The widget would stay blank here.").waitFor();
    assert.match(await status(page).innerText(), new RegExp(`ALLOWED_ORIGIN=${new URL(url).origin}`));
    assert.equal(await page.locator("iframe").count(), 0);
  });

  test("a widget page that does not answer is told after a while", async (t) => {
    const { sandbox, url, page } = await site(t);
    await sandbox.fault("page=status:500");
    await page.clock.install();
    await page.goto(url);
    await page.locator("#open-widget").click();
    await page.locator("dialog[open]").waitFor();
    await page.clock.fastForward(10_001);
    await status(page).getByText("does not answer").waitFor();
    assert.equal(await page.locator("dialog[open]").count(), 0);
  });
});

describe("a page of somebody else", () => {
  test("cannot read a token, hand in an event, or have the demo in a frame", async (t) => {
    const { sandbox, url, page } = await site(t);
    const hostile = await host(t, () => "none");
    await page.goto(hostile.url);
    const tries = await page.evaluate((target) => {
      const read = (path, options) => fetch(target + path, options).then((it) => it.text(), (error) => error.name);
      return Promise.all([
        read("api/widget_token"),
        read("api/widget_token", { mode: "no-cors" }),
        read("api/embedded_response", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }),
        read("api/embedded_response", { method: "POST", body: "{}", mode: "no-cors" }),
      ]);
    }, url.endsWith("/") ? url : `${url}/`);
    assert.deepEqual(tries, ["TypeError", "TypeError", "TypeError", "TypeError"], "nothing is readable");
    const { counts, workspaces } = await sandbox.state();
    assert.equal(counts["POST /v1/embedded/widget_token"], undefined, "none was even minted");
    assert.deepEqual(workspaces, []);

    const refused = page.waitForEvent("console", (message) => message.text().includes("frame"));
    await page.evaluate((src) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src }));
    }, url);
    await refused;
  });

  test("gets no token from the widget's script by asking as the widget would", async (t) => {
    const { url, page, problems } = await site(t);
    const hostile = await host(t, () => "none");
    await open(page, url);
    // Heard after the page's own scripts have heard it: what they answer comes before this answer.
    await page.evaluate(() => addEventListener("message", ({ data, source }) => {
      if (data === "the end") source.postMessage("nothing more", "*");
    }));
    const [stranger] = await Promise.all([
      page.waitForEvent("popup"),
      page.evaluate((address) => { window.open(address); }, hostile.url),
    ]);
    await stranger.waitForLoadState();
    const answers = await stranger.evaluate(() => new Promise((resolve) => {
      const got = [];
      addEventListener("message", ({ data }) => {
        got.push(data);
        if (data === "nothing more") resolve(got);
      });
      const forged = { type: "end_user_action_result", message: "source_created", data: { name: "Forged" } };
      for (const told of ["auth_token_request", forged, "CLOSE_DIALOG", "the end"]) {
        window.opener.postMessage(told, "*");
      }
    }));
    assert.deepEqual(answers, ["nothing more"]);
    assert.equal(await page.locator("dialog[open]").count(), 1, "it stays open");
    assert.equal(await page.locator("#events li").count(), 0);
    assert.deepEqual(problems, []);
  });
});
