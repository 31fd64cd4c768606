// The walk of a customer, the same on whatever page has the widget in it: open, choose Sample Data,
// save, close. The page must have `#open-widget` and a dialog with the widget's frame.

import assert from "node:assert/strict";

import { browser, watched } from "./support.js";

/** The names of the event that tells of a saved source, in either vocabulary. */
const SAVED = ["partial_user_config_created", "source_created"];

/** The widget's frame, in the dialog that is open. */
export function widget(page) {
  return page.frameLocator("dialog[open] iframe");
}

/** Opens the widget; resolves when its catalogue is there. */
export async function open(page, url) {
  await page.goto(url);
  await page.locator("#open-widget").click();
  await sampleData(page).waitFor();
}

/** The catalogue's entry that is chosen. */
export function sampleData(page) {
  return widget(page).getByRole("button", { name: /^Sample Data/ });
}

/** The event that the page hands in to its own backend. */
export async function handedIn(page) {
  const request = await page.waitForRequest((it) => it.url().endsWith("/api/embedded_response"));
  const answer = await request.response();
  assert.ok(answer.ok(), `the event was answered ${answer.status()}`);
  return request.postDataJSON();
}

/**
 * Walks from a page's address to a saved source, and gives the event that the page was told. With a
 * page of the caller's it uses that; else it opens a browser, and finds fault with whatever the pages
 * do that they should not. A page that does not hand its events in says by `told` where they are.
 */
export async function walk(url, { page, rows = 25, told = handedIn } = {}) {
  if (page) return steps(page, url, rows, told);
  const opened = await browser();
  try {
    const own = await watched(opened);
    const event = await steps(own.page, url, rows, told);
    assert.deepEqual(own.problems, []);
    return event;
  } finally {
    await opened.close();
  }
}

async function steps(page, url, rows, told) {
  await open(page, url);
  const frame = widget(page);
  await sampleData(page).click();
  await frame.getByText("Optional settings").click();
  await frame.getByLabel("Users").fill(String(rows));
  const [event] = await Promise.all([
    told(page),
    frame.getByRole("button", { name: "Connect" }).click(),
  ]);
  assert.ok(SAVED.includes(event.message), JSON.stringify(event));
  await frame.getByRole("heading", { name: "Sample Data is connected" }).waitFor();
  await frame.getByRole("button", { name: "Done" }).click();
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  return event;
}
