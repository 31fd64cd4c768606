// The sandbox's widget page, in a browser, in a page as small as a host can be.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { host } from "./host.js";
import { Sandbox, browser, hasEnded, scoped, until, watched } from "./support.js";
import { open, sampleData, walk, widget } from "./walk.js";

let opened;
before(async () => { opened = await browser(); });
after(() => opened.close());

/** A sandbox, a host for a user on an API, and a page that is watched. */
async function site(t, { api = "v1", user = "user-42", args = [], origin, more, options } = {}) {
  const sandbox = await Sandbox.start(t, ...args);
  const minted = (own) => sandbox.mint(api, user, origin ? origin(own) : own, more);
  const { url, tokens } = await host(t, minted);
  const { context, page, problems } = await watched(opened, options);
  t.after(() => context.close());
  return { sandbox, url, tokens, page, problems, frame: widget(page) };
}

const heard = (page) => page.evaluate(() => window.heard);

for (const [api, event] of [["v1", "partial_user_config_created"], ["agents", "source_created"]]) {
  describe(`on ${api}`, () => {
    test("a customer connects Sample Data and the rows land in the bucket", async (t) => {
      const { sandbox, url, page, problems } = await site(t, { api });
      const told = await walk(url, { page, rows: 25 });
      assert.equal(told.message, event);
      assert.ok(told.data.sourceId ?? told.data.id, JSON.stringify(told));
      assert.deepEqual(await sandbox.landed("user-42"), { users: 25, products: 25, purchases: 25 });
      assert.deepEqual(problems, []);
    });

    test("a source is changed and deleted", async (t) => {
      const { url, page, frame, problems } = await site(t, { api });
      await walk(url, { page, rows: 7 });
      await open(page, url);
      await frame.getByRole("button", { name: "Edit Sample Data" }).click();
      assert.equal(await frame.getByLabel("Users").inputValue(), "7");
      await frame.getByLabel("Users").fill("9");
      await frame.getByRole("button", { name: "Save" }).click();
      await frame.getByRole("heading", { name: "Sample Data is saved" }).waitFor();
      assert.equal((await heard(page)).at(-1).message, event.replace("created", "updated"));

      await frame.getByRole("button", { name: "All integrations" }).click();
      await frame.getByRole("button", { name: "Edit Sample Data" }).click();
      assert.equal(await frame.getByLabel("Users").inputValue(), "9");
      await frame.getByRole("button", { name: "Delete …" }).click();
      await frame.getByRole("button", { name: "Delete", exact: true }).click();
      await frame.getByRole("status").getByText("Sample Data is deleted.").waitFor();
      assert.equal(await frame.getByRole("button", { name: /^Edit/ }).count(), 0);
      assert.deepEqual(problems, []);
    });

    test("what is wrong is said beside its field, by the page and by the service", async (t) => {
      const { url, page, frame } = await site(t, { api });
      await open(page, url);
      await frame.getByRole("button", { name: "Stripe" }).click();
      await frame.getByRole("button", { name: "Connect" }).click();
      const account = frame.getByLabel("Account ID");
      assert.equal(await account.getAttribute("aria-invalid"), "true");
      assert.ok(await account.evaluate((field) => field === document.activeElement));
      assert.equal(await frame.getByLabel("Secret key").getAttribute("type"), "password");
      await frame.getByRole("button", { name: "Back" }).click();
      await sampleData(page).click();
      await frame.getByText("Optional settings").click();
      await frame.getByLabel("Users").fill("200000");
      await frame.getByRole("button", { name: "Connect" }).click();
      await frame.getByText("the sandbox makes up to 100000 users").waitFor();
      assert.equal(await frame.getByLabel("Users").getAttribute("aria-invalid"), "true");
      assert.equal(await frame.getByLabel("Users").inputValue(), "200000");
      const told = (await heard(page)).at(-1);
      assert.equal(told.message, event.replace("created", "create_error"));
      assert.ok(told.error && !told.data, JSON.stringify(told));
    });

    test("a token that ends while something is typed is renewed, and what was typed stays", async (t) => {
      const { url, tokens, page, frame } = await site(t, { api, args: ["--token-ttl", "2"] });
      await open(page, url);
      await sampleData(page).click();
      await frame.getByText("Optional settings").click();
      await frame.getByLabel("Users").fill("11");
      const before = tokens.length;
      await until(() => hasEnded(scoped(tokens.at(-1))));
      await frame.getByRole("button", { name: "Connect" }).click();
      await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
      assert.ok(tokens.length > before, "a new one was minted");
      const told = (await heard(page)).at(-1);
      const { count } = told.data.connectionConfiguration ?? told.data.replication_config;
      assert.equal(count, 11);
      const asked = (await heard(page)).filter((it) => it === "auth_token_request");
      assert.equal(asked.length, tokens.length, "each was asked for");
    });

    test("a service that refuses is told in plain words, and another try goes on", async (t) => {
      const { sandbox, url, page, frame } = await site(t, { api });
      await page.goto(url);
      await sandbox.fault("templates=status:503*1");
      await page.locator("#open-widget").click();
      const said = frame.getByText("The service failed. Try again in a moment.");
      await said.waitFor();
      await frame.getByRole("button", { name: "Try again" }).click();
      await sampleData(page).click();
      const connect = frame.getByRole("button", { name: "Connect" });
      await connect.waitFor();
      await sandbox.fault("connectors=status:500*1");
      await connect.click();
      await said.waitFor();
      await frame.getByRole("heading", { name: "Sample Data", exact: true }).waitFor();
      await connect.click();
      await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
    });
  });
}

describe("on either API", () => {
  test("every integration has a form that can be read and left again", async (t) => {
    const { url, page, frame, problems } = await site(t);
    await open(page, url);
    const tiles = frame.getByRole("list").getByRole("button");
    const count = await tiles.count();
    assert.ok(count >= 12);
    for (let at = 0; at < count; at += 1) {
      await tiles.nth(at).click();
      await frame.getByRole("button", { name: "Connect" }).waitFor();
      const unnamed = await frame.locator("input, select, textarea").evaluateAll(
        (fields) => fields.filter((field) => field.labels.length === 0).map((field) => field.name));
      assert.deepEqual(unnamed, []);
      await frame.getByRole("button", { name: "Back" }).click();
      await tiles.first().waitFor();
    }
    assert.deepEqual(problems, []);
  });

  test("one way of several is chosen, and what is required there is asked", async (t) => {
    const { sandbox, url, page, frame, problems } = await site(t);
    await open(page, url);
    await frame.getByRole("searchbox").fill("postg");
    await frame.getByRole("button", { name: "Postgres" }).click();
    await frame.getByLabel("Host").fill("db.acme.example");
    await frame.getByLabel("Database").fill("acme");
    await frame.getByLabel("User", { exact: true }).fill("reader");
    assert.equal(await frame.getByLabel("Port").inputValue(), "5432");
    await frame.getByText("Optional settings").click();
    await frame.getByLabel("Update method").selectOption("Change data capture");
    await frame.getByLabel("Publication").fill("acme_publication");
    await frame.getByRole("button", { name: "Connect" }).click();
    assert.equal(await frame.getByLabel("Replication slot").getAttribute("aria-invalid"), "true");
    await frame.getByLabel("Replication slot").fill("acme_slot");
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByRole("heading", { name: "Postgres is connected" }).waitFor();
    const told = (await heard(page)).at(-1).data.connectionConfiguration;
    assert.deepEqual(told, {
      host: "db.acme.example",
      port: 5432,
      database: "acme",
      username: "reader",
      replication_method: { method: "CDC", replication_slot: "acme_slot", publication: "acme_publication" },
    });
    const { data } = await sandbox.operator("/v1/sources");
    assert.equal(data.length, 1);
    assert.deepEqual(problems, []);
  });

  test("Sample Data is found by its old name", async (t) => {
    const { url, page, frame } = await site(t);
    await open(page, url);
    await frame.getByRole("searchbox").fill("faker");
    const tiles = frame.getByRole("list").getByRole("button");
    assert.deepEqual(await tiles.allInnerTexts(), ["S\nSample Data\nonce called Faker"]);
    await frame.getByRole("searchbox").fill("nothing like it");
    await frame.getByText("No integration of that name.").waitFor();
  });

  test("with one integration and nothing connected there is nothing to pick", async (t) => {
    const more = { selected_source_template_tags: ["sample"] };
    const { url, page, frame } = await site(t, { api: "agents", more });
    await page.goto(url);
    await page.locator("#open-widget").click();
    await frame.getByText("Nothing needs to be filled in").waitFor();
    assert.equal(await frame.getByRole("button", { name: "Back" }).count(), 0);
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByRole("button", { name: "All integrations" }).click();
    await frame.getByRole("button", { name: "Edit Sample Data" }).waitFor();
  });

  test("a host that has only the ended token is told of, and what was typed waits for a new one", async (t) => {
    const { url, tokens, page, frame } = await site(t, { args: ["--token-ttl", "2"] });
    await open(page, url);
    await sampleData(page).click();
    await frame.getByText("Optional settings").click();
    await frame.getByLabel("Users").fill("11");
    await page.evaluate(() => { window.keeps = true; });
    await until(() => hasEnded(scoped(tokens.at(-1))));
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByText("Your session has ended.").waitFor();
    assert.equal(await frame.getByLabel("Users").inputValue(), "11");
    await page.evaluate(() => { window.keeps = false; });
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
  });

  test("an answer that is none is told, and another try goes on", async (t) => {
    const { sandbox, url, page, frame } = await site(t);
    await page.goto(url);
    await sandbox.fault("templates=array*1");
    await sandbox.fault("templates=cut-json*1");
    await page.locator("#open-widget").click();
    await frame.getByText("The service’s answer could not be understood.").waitFor();
    await frame.getByRole("button", { name: "Try again" }).click();
    await frame.getByText("The service’s answer could not be read.").waitFor();
    await frame.getByRole("button", { name: "Try again" }).click();
    await sampleData(page).waitFor();
  });

  test("names are text, whatever is in them", async (t) => {
    const { sandbox, url, page, frame, problems } = await site(t, { api: "agents" });
    const name = "<img src=x onerror=alert(1)>";
    await sandbox.operator("/api/v1/integrations/templates/sources",
      { actor_definition_id: "e094cb9a-26de-4645-8761-65c0c425d1de", name, partial_default_config: {} });
    await open(page, url);
    await frame.getByRole("button", { name }).click();
    await frame.getByRole("heading", { name }).waitFor();
    assert.equal(await frame.locator("img").count(), 0);
    assert.deepEqual(problems, []);
  });

  test("connecting twice at once connects once, and a reload comes back to the form", async (t) => {
    const { sandbox, url, page, frame } = await site(t);
    await open(page, url);
    await sampleData(page).click();
    await frame.getByRole("button", { name: "Connect" }).waitFor();
    await page.frames().at(-1).evaluate(() => location.reload());
    await frame.getByRole("heading", { name: "Sample Data", exact: true }).waitFor();
    await frame.getByRole("button", { name: "Connect" }).evaluate((connect) => {
      connect.click();
      connect.click();
    });
    await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
    const { counts } = await sandbox.state();
    assert.equal(counts["POST /api/v1/partial_user_configs/create"], 1);
  });

  test("where nothing is offered, that is said", async (t) => {
    const { url, page, frame } = await site(t, { api: "agents", more: { selected_source_template_tags: ["none"] } });
    await page.goto(url);
    await page.locator("#open-widget").click();
    await frame.getByText("no integration is offered here").waitFor();
  });

  test("the keyboard alone is enough, and Esc leads back to where it began", async (t) => {
    const { url, page, frame, problems } = await site(t);
    await page.goto(url);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await sampleData(page).waitFor();
    await frame.locator("input[type=search]:focus").waitFor();
    await page.keyboard.type("sample");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const connect = frame.getByRole("button", { name: "Connect" });
    await connect.waitFor();
    await frame.locator("h1:focus").waitFor();
    for (const name of ["Close", "Optional settings", "Connect"]) {
      await page.keyboard.press("Tab");
      const at = await frame.locator(":focus").evaluate((it) => it.ariaLabel ?? it.textContent);
      assert.ok(at.startsWith(name), `${at} is where ${name} should be`);
    }
    await page.keyboard.press("Enter");
    await frame.getByRole("button", { name: "Done" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "open-widget");
    assert.deepEqual(problems, []);
  });

  test("on a narrow screen nothing runs over the edge", async (t) => {
    const { url, page, frame, problems } = await site(t, { options: { viewport: { width: 320, height: 640 } } });
    await open(page, url);
    const over = async () => [
      await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
      await frame.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth),
    ];
    assert.deepEqual(await over(), [0, 0]);
    for (const name of ["Postgres", "GitHub", "Google Sheets"]) {
      await frame.getByRole("button", { name }).click();
      for (const fold of await frame.locator("summary").all()) await fold.click();
      await frame.getByRole("button", { name: "Connect" }).click();
      assert.deepEqual(await over(), [0, 0], name);
      await frame.getByRole("button", { name: "Back" }).click();
    }
    assert.deepEqual(problems, []);
  });
});

describe("who is around it", () => {
  test("an origin that is not quite the page's gets no token through, and is told", async (t) => {
    const { url, page, frame, problems } = await site(t, { origin: (own) => `${own}/` });
    await page.clock.install();
    await page.goto(url);
    await page.locator("#open-widget").click();
    await page.waitForFunction(() => window.heard.includes("auth_token_request"));
    await page.clock.fastForward(5001);
    await frame.getByText(`must be served from exactly ${url}/`).waitFor();
    assert.equal(problems.length, 1);
    assert.match(problems[0], /^console: No token came within 5 seconds/);
  });

  test("without an allowed origin it asks nobody", async (t) => {
    const { sandbox, tokens, url, page, frame } = await site(t);
    await open(page, url);
    const { widgetUrl } = JSON.parse(Buffer.from(tokens[0], "base64"));
    await page.evaluate((bare) => {
      window.heard.length = 0;
      document.querySelector("iframe").src = bare;
    }, widgetUrl.replace(/&allowedOrigin=.*/, ""));
    await frame.getByText("names no allowed origin").waitFor();
    assert.deepEqual(await heard(page), []);

    const { page: alone } = await watched(opened);
    t.after(() => alone.context().close());
    await alone.goto(widgetUrl);
    await alone.getByText("No page has this one in a frame").waitFor();
    const { counts } = await sandbox.state();
    assert.equal(counts["POST /api/v1/config_templates/list"], 1, "for the good one alone");
  });

  test("a page on another origin cannot have it in a frame", async (t) => {
    const { sandbox, tokens, url, page } = await site(t);
    await fetch(`${url}/api/widget_token`);
    const other = await host(t, () => tokens[0]);
    const refused = page.waitForEvent("console", (message) => message.text().includes("frame-ancestors"));
    await page.goto(other.url);
    await page.locator("#open-widget").click();
    await refused;
    assert.deepEqual(await heard(page), []);
    const { counts } = await sandbox.state();
    assert.equal(counts["POST /api/v1/config_templates/list"], undefined);
  });

  test("a token from another window is not taken", async (t) => {
    const { url, page, frame, problems } = await site(t);
    const foreign = await host(t, () => "none");
    await open(page, url);
    await page.evaluate((src) => {
      const frame = Object.assign(document.createElement("iframe"), { src, id: "foreign" });
      document.body.append(frame);
      return new Promise((resolve) => { frame.onload = resolve; });
    }, foreign.url);
    const inside = page.frames().find((it) => it.url().startsWith(foreign.url));
    await inside.evaluate(() => parent.frames[0].postMessage({ scopedAuthToken: "forged" }, "*"));
    await sampleData(page).click();
    await frame.getByRole("button", { name: "Connect" }).click();
    await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
    assert.deepEqual(problems, [], "a forged token would have been refused first");
  });
});
