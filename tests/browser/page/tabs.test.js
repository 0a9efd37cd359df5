// Many tabs in one browser, which has six connections for all of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { untilIdle, untilAnswer, send, texts } from "./chromium.js";
import { Stage } from "./stage.js";

/** Maximum number of concurrent streams; see `tabs.js`. */
const SLOTS = 3;

const stage = new Stage();

/** Opens tabs in one browser, each with its own chat, or all with one chat. */
async function tabs(count, { chat, ...options } = {}) {
  const first = await stage.page(`${stage.server.url}#/s/${chat ?? "0"}`, options);
  const pages = [first];
  for (let index = 1; index < count; index += 1) {
    pages.push(await stage.page(`${stage.server.url}#/s/${chat ?? index}`, { context: first.context() }));
  }
  return pages;
}

/** Waits until no tab has a connection. */
async function noStreams() {
  while (stage.server.streams > 0) await stage.server.closed();
}

for (const count of [6, 10]) {
  test(`${count} tabs: each sends a prompt, stops or is answered, and then holds no connection`, async () => {
    const pages = await tabs(count);
    for (const page of pages) await send(page, "say one ‖ two");
    await Promise.all(pages.map((page) => untilAnswer(page, "one")));
    const [stopped, answered] = [pages.filter((_, index) => index % 2), pages.filter((_, index) => index % 2 === 0)];
    // the gate releases answers in order of arrival, which is the order of the prompts
    await Promise.all(stopped.map((page) => page.locator("#stop").click()));
    await Promise.all(stopped.map(untilIdle));
    for (const page of stopped) assert.deepEqual(await texts(page), ["say one ‖ two", "one"]);
    for (let index = 0; index < count; index += 1) await stage.openGate();
    await Promise.all(answered.map((page) => untilAnswer(page, "one two")));
    await Promise.all(answered.map(untilIdle));
    for (const page of pages) {
      await send(page, "and now?");
      await untilAnswer(page, "You said and now?");
      await untilIdle(page);
    }
    await noStreams();
  });

  test(`${count} tabs on one chat: a prompt, a stop and the answers arrive in all`, async () => {
    const pages = await tabs(count, { chat: "one" });
    await send(pages[0], "say one ‖ two");
    await Promise.all(pages.map((page) => untilAnswer(page, "one")));
    await pages.at(-1).locator("#stop").click();
    await Promise.all(pages.map(untilIdle));
    await send(pages[1], "say three");
    await Promise.all(pages.map((page) => untilAnswer(page, "three")));
    await Promise.all(pages.map(untilIdle));
    for (const page of pages) assert.deepEqual(await texts(page), ["say one ‖ two", "one", "say three", "three"]);
    await noStreams();
  });
}

test("closed and crashed tabs release their slots", async () => {
  const pages = await tabs(SLOTS + 3);
  for (const page of pages) await send(page, "say one ‖ two");
  await Promise.all(pages.map((page) => untilAnswer(page, "one")));
  await pages[0].close();
  const session = await pages[1].context().newCDPSession(pages[1]);
  session.send("Page.crash").catch(() => {}); // gets no response
  await new Promise((crashed) => pages[1].on("crash", crashed));
  const left = pages.slice(2);
  for (const _ of pages) await stage.openGate();
  await Promise.all(left.map((page) => untilAnswer(page, "one two")));
  await Promise.all(left.map(untilIdle));
});

test("a frozen tab holds no connection and catches up when it resumes", async () => {
  const [frozen, other] = await tabs(2, { chat: "one" });
  await send(frozen, "say one ‖ two");
  await Promise.all([untilAnswer(frozen, "one"), untilAnswer(other, "one")]);
  // Chromium does not freeze visible pages, and all pages are visible here
  await frozen.evaluate(() => document.dispatchEvent(new Event("freeze")));
  while (stage.server.streams > 1) await stage.server.closed();
  await stage.openGate();
  await untilAnswer(other, "one two");
  assert.equal(await frozen.locator("#stop").isVisible(), true);
  await frozen.evaluate(() => document.dispatchEvent(new Event("resume")));
  await untilAnswer(frozen, "one two");
  await untilIdle(frozen);
});

test("a page restored by the back button shows what has happened since", async () => {
  const [page, other] = await tabs(2, { chat: "one" });
  await send(page, "say one ‖ two");
  await Promise.all([untilAnswer(page, "one"), untilAnswer(other, "one")]);
  await page.goto(`${stage.server.url}assets/icon.svg`);
  while (stage.server.streams > 1) await stage.server.closed();
  await stage.openGate();
  await untilAnswer(other, "one two");
  await page.goBack();
  await untilAnswer(page, "one two");
  await untilIdle(page);
  await send(page, "say three");
  await untilAnswer(other, "three");
});

test("tabs catch up after the network was lost", async () => {
  const pages = await tabs(4);
  for (const page of pages) await send(page, "say one ‖ two");
  await Promise.all(pages.map((page) => untilAnswer(page, "one")));
  const context = pages[0].context();
  await context.setOffline(true);
  stage.server.cut();
  await Promise.all(pages.map((page) => page.locator("#line", { hasText: "Reconnecting" }).waitFor()));
  for (const _ of pages) await stage.openGate();
  await context.setOffline(false);
  await Promise.all(pages.map((page) => untilAnswer(page, "one two")));
  await Promise.all(pages.map(untilIdle));
});

test("tabs without Web Locks (no HTTPS) follow a chat", async () => {
  const first = await stage.page();
  await first.context().addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  const pages = await Promise.all([1, 2].map(() => stage.page(`${stage.server.url}#/s/x`, { context: first.context() })));
  await send(pages[0], "say one ‖ two");
  await Promise.all(pages.map((page) => untilAnswer(page, "one")));
  await stage.openGate();
  await Promise.all(pages.map((page) => untilAnswer(page, "one two")));
  await Promise.all(pages.map(untilIdle));
});
