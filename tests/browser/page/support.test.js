// The chat page with `examples/support`: calls of tools, typed values, and `kill -9`.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import axe from "axe-core";
import { launch, open, send, texts, untilAnswer, untilIdle } from "./chromium.js";
import { binary, Program } from "./program.js";

/** The rules of `access.test.js`. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

let path;
let browser;
let support;
const opened = [];

before(async () => {
  path = await binary("support");
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  support = await (await Program.allocate(path)).start("--serve", "--prices", "0.15/0.6");
});
afterEach(async () => {
  const errors = opened.flatMap((page) => page.errors);
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  await support.remove();
  assert.deepEqual(errors, []);
});

async function page() {
  const page = await open(browser, support.url);
  opened.push(page);
  return page;
}

/** Waits until a call has this status, and returns its element. */
async function untilCall(page, status) {
  const call = page.locator(`.call.${status}`).last();
  await call.waitFor();
  return call;
}

/** Returns what a page shows of a conversation. */
async function shown(page) {
  for (const summary of await page.locator(".call:not([open]) summary").all()) await summary.click();
  const parts = (selector) => page.locator(selector).allInnerTexts();
  return {
    texts: (await texts(page)).filter((text) => text !== ""),
    values: await parts(".typed"),
    calls: await parts(".call summary .name"),
    results: await parts(".call .inside > section:last-child .value"),
  };
}

test("a call is shown with its arguments, progress and result, and a value while it grows", async () => {
  const chat = await page();
  await send(chat, "Where is the parcel of order 18?");
  await chat.locator(".typed dd", { hasText: "orders" }).waitFor();
  const running = await untilCall(chat, "running");
  await running.locator(".brief", { hasText: "asking Thistle Express" }).waitFor();
  await running.locator("summary").click();
  await running.locator(".inside", { hasText: "asking Bramble Post" }).waitFor();
  const done = await untilCall(chat, "succeeded");
  await untilAnswer(chat, "brings it tomorrow");
  await untilIdle(chat);
  const headings = await done.locator("h3").allInnerTexts();
  assert.deepEqual(headings.map((text) => text.toLowerCase()), ["arguments", "progress", "result"]);
  assert.match(await done.innerText(), /order\s+18/);
  assert.match(await chat.locator("#note").innerText(), /^\d+ tokens read, \d+ written, \$0\.000\d$/);

  const { values, calls, results, texts } = await shown(chat);
  assert.equal(values.length, 1);
  assert.match(values[0].replaceAll(/\s+/g, " "), /topic orders urgency 3/);
  assert.deepEqual(calls, ["track parcel"]);
  assert.deepEqual(results, ["Thistle Express has it, and brings it tomorrow."]);
  assert.equal(texts.length, 3);

  // a reload shows the same, and so does another browser
  const before = await shown(chat);
  await chat.reload();
  await untilCall(chat, "succeeded");
  assert.deepEqual(await shown(chat), before);
  for (const scheme of ["light", "dark"]) {
    await chat.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await chat.evaluate(axe.source);
    const { violations } = await chat.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], scheme);
  }
});

test("a failed call says so, and a person takes over", async () => {
  const chat = await page();
  await send(chat, "Please refund order 18.");
  const failed = await untilCall(chat, "failed");
  await failed.locator("summary").click();
  await failed.locator(".inside", { hasText: "order 18 is on its way" }).waitFor();
  await untilAnswer(chat, "on its way");
  await untilIdle(chat);
  await send(chat, "Let me talk to a human!");
  await untilAnswer(chat, "A colleague will write to you today.");
});

test("a server that dies while a tool runs continues the call after a restart", async () => {
  const chat = await page();
  await send(chat, "Where is the parcel of order 18?");
  const running = await untilCall(chat, "running");
  await running.locator(".brief", { hasText: "asking Bramble Post" }).waitFor();
  await support.kill();
  await support.start("--serve", "--prices", "0.15/0.6");
  await chat.locator("#notice", { hasText: "interrupted" }).waitFor();
  await untilCall(chat, "interrupted");
  await chat.locator("#notice-do").click();
  await untilCall(chat, "succeeded");
  await untilAnswer(chat, "brings it tomorrow");
  await untilIdle(chat);
  const { calls, results } = await shown(chat);
  assert.deepEqual(calls, ["track parcel"]);
  assert.deepEqual(results, ["Thistle Express has it, and brings it tomorrow."]);
});

test("a stop keeps the call without its result, and the next prompt is answered", async () => {
  const chat = await page();
  await send(chat, "Where is the parcel of order 18?");
  const running = await untilCall(chat, "running");
  await running.locator(".brief", { hasText: "asking" }).waitFor();
  await chat.locator("#stop").click();
  await untilCall(chat, "interrupted");
  await untilIdle(chat);
  await send(chat, "Which orders does grace@example.org have?");
  await untilCall(chat, "succeeded");
  await untilAnswer(chat, "a jar for moths");
  assert.equal(await chat.locator(".call.interrupted").count(), 1);
});
