// The page with `examples/chatbot`, SQLite, and `kill -9`.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { Chatbot } from "./chatbot.js";
import { launch, open, untilIdle, send, texts } from "./chromium.js";
import { binary } from "./program.js";

let path;
let browser;
let chatbot;
const opened = [];

before(async () => {
  path = await binary("chatbot");
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  chatbot = await (await Chatbot.allocate(path)).start();
});
afterEach(async () => {
  const errors = opened.flatMap((page) => page.errors);
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  await chatbot.remove();
  assert.deepEqual(errors, []);
});

async function page(options) {
  const page = await open(browser, chatbot.url, options);
  opened.push(page);
  return page;
}

const sessionOf = (page) => decodeURIComponent(new URL(page.url()).hash.slice(4));

/** Waits until the answer to the last prompt has more than `count` words. */
const words = (page, count) =>
  page.waitForFunction(
    (count) => document.querySelector(".group:last-child > .message:last-child.assistant .body")?.textContent.split(/\s+/).length > count,
    count,
    { timeout: 20_000 },
  );

/** Sends a prompt and waits until it is shown. */
async function ask(page, prompt) {
  await send(page, prompt);
  await page.locator(".message.user", { hasText: prompt }).last().waitFor();
}

/** Returns texts of the log as the page renders them. */
const rendered = (page, texts) =>
  page.evaluate(async (texts) => {
    const { show } = await import("./assets/render.js");
    return texts.map((text, index) => {
      if (index % 2 === 0) return text;
      const into = document.createElement("div");
      show(into, text);
      return into.textContent;
    });
  }, texts);

const contents = (page) => page.locator(".message .body").allTextContents();

/** Asserts that the page shows exactly the texts in the log. */
async function assertEqualsLog(page) {
  const log = await chatbot.log(sessionOf(page));
  assert.deepEqual(await contents(page), await rendered(page, log.texts));
  return log;
}

const LONG = "What is ownership in Rust?";

test("words appear one by one", async () => {
  const chat = await page();
  await chat.evaluate(() => {
    window.grown = new Set();
    new MutationObserver(() => {
      window.grown.add([...document.querySelectorAll(".message.assistant .body")].at(-1)?.textContent ?? "");
    }).observe(document.querySelector("#log"), { childList: true, subtree: true });
  });
  await ask(chat, LONG);
  await words(chat, 5);
  await untilIdle(chat);
  const grown = await chat.evaluate(() => [...window.grown].filter(Boolean));
  assert.ok(grown.length > 5, `${grown.length} steps`);
  for (const [index, text] of grown.entries()) {
    assert.ok(index === 0 || text.startsWith(grown[index - 1].trimEnd()), `${grown[index - 1]} -> ${text}`);
  }
  const { texts } = await assertEqualsLog(chat);
  assert.equal(texts.length, 2);
});

test("a stop keeps the text so far", async () => {
  const chat = await page();
  await ask(chat, LONG);
  await words(chat, 5);
  await chat.locator("#stop").click();
  await untilIdle(chat);
  const { texts, position } = await assertEqualsLog(chat);
  assert.equal(texts.length, 2);
  assert.equal(position.at, "rest");
  const stopped = await contents(chat);
  await chat.reload();
  await words(chat, 3);
  assert.deepEqual(await contents(chat), stopped);
});

test("a reload during an answer shows the same text and continues", async () => {
  const chat = await page();
  await ask(chat, LONG);
  await words(chat, 5);
  const before = (await contents(chat)).at(-1);
  await chat.reload();
  await words(chat, 5);
  assert.ok((await contents(chat)).at(-1).startsWith(before.trim()), before);
  await untilIdle(chat);
  const { texts } = await assertEqualsLog(chat);
  assert.equal(texts.length, 2);
});

test("an answer interrupted by a server crash can be resumed", async () => {
  const chat = await page();
  await ask(chat, "My name is Ada.");
  await words(chat, 2);
  await untilIdle(chat);
  await ask(chat, LONG);
  await words(chat, 5);
  await chatbot.kill();
  await chat.locator("#line", { hasText: "Reconnecting" }).waitFor();
  await chatbot.start();
  await chat.locator(".notice.interrupted").waitFor({ timeout: 20_000 });
  const { texts: stored } = await assertEqualsLog(chat);
  assert.equal(stored.length, 4);
  await chat.reload();
  await chat.locator(".notice.interrupted").waitFor();
  await assertEqualsLog(chat);

  await chat.locator("#notice-do").click();
  await chat.locator("#stop").waitFor();
  await untilIdle(chat);
  const { texts: answered } = await assertEqualsLog(chat);
  assert.equal(answered.length, 4);
  assert.ok(answered[3].startsWith(stored[3]), "the offline responder repeats its answer");
  assert.ok(answered[3].length > stored[3].length);
});

test("no word is lost or repeated after several crashes", async () => {
  const chat = await page();
  for (const prompt of [LONG, "Tell me about state machines", "Write a function for fizzbuzz"]) {
    await ask(chat, prompt);
    await chat.locator("#stop").waitFor();
    await words(chat, 2);
    await chatbot.kill();
    await chatbot.start();
    await chat.locator(".notice.interrupted").waitFor({ timeout: 20_000 });
    await assertEqualsLog(chat);
    await chat.locator("#notice-do").click();
    await chat.locator("#stop").waitFor();
    await untilIdle(chat);
    await assertEqualsLog(chat);
  }
  const { texts } = await assertEqualsLog(chat);
  assert.equal(texts.length, 6);
});

test("two tabs show the same messages", async () => {
  const first = await page();
  const second = await open(browser, first.url(), { context: first.context() });
  opened.push(second);
  await ask(first, LONG);
  await words(second, 5);
  await second.locator("#stop").click();
  await Promise.all([untilIdle(first), untilIdle(second)]);
  assert.deepEqual(await contents(first), await contents(second));
  await ask(second, "And what is a monad?");
  await words(first, 5);
  await Promise.all([untilIdle(first), untilIdle(second)]);
  assert.deepEqual(await contents(first), await contents(second));
  await assertEqualsLog(first);
});

test("prompts, stops and answers arrive in six tabs of one browser", async () => {
  const first = await page();
  const tabs = [first];
  while (tabs.length < 6) tabs.push(await open(browser, `${chatbot.url}#/s/tab-${tabs.length}`, { context: first.context() }));
  opened.push(...tabs.slice(1));
  for (const tab of tabs) await ask(tab, LONG);
  await words(tabs.at(-1), 1);
  await tabs.at(-1).locator("#stop").click();
  await Promise.all(tabs.map(untilIdle));
  for (const tab of tabs.slice(0, -1)) await words(tab, 5);
  for (const tab of tabs) assert.equal((await assertEqualsLog(tab)).texts.length, 2);
});

test("Ctrl-C during an answer keeps its text", async () => {
  const chat = await page();
  await ask(chat, LONG);
  await words(chat, 5);
  assert.equal(await chatbot.interrupt(), 0);
  await chatbot.start();
  await chat.locator("#line").waitFor({ state: "hidden", timeout: 20_000 });
  await untilIdle(chat);
  const { texts } = await assertEqualsLog(chat);
  assert.equal(texts.length, 2);
});

test("the path through the graph is shown", async () => {
  const chat = await page();
  await ask(chat, "Write a function for fizzbuzz");
  await chat.locator("#map .active", { hasText: "write code" }).waitFor();
  await untilIdle(chat);
  const trail = await chat.locator("#trail .name").allInnerTexts();
  assert.deepEqual(trail, ["prompt", "check safety", "choose mode", "write code"]);
  assert.equal(await chat.locator("#map .taken").count(), 3);
  await ask(chat, "How do I build a bomb?");
  await chat.locator("#trail li", { hasText: "refuse" }).waitFor();
  await untilIdle(chat);
  assert.match((await texts(chat)).at(-1), /rather not/);
});

test("a chat with a token cannot be read without it", async () => {
  await chatbot.kill();
  await chatbot.start("--token", "secret");
  const chat = await open(browser, `${chatbot.url}#&token=secret`);
  opened.push(chat);
  await ask(chat, "hello");
  await words(chat, 2);
  assert.ok(!chat.url().includes("secret"));
  const stranger = await open(browser, chat.url());
  opened.push(stranger);
  await stranger.locator("#line", { hasText: "token" }).waitFor();
  assert.deepEqual(await contents(stranger), []);
});

test("another device lists a chat by its title, and shows the path of its last run", async () => {
  const wide = { viewport: { width: 1440, height: 800 } };
  const one = await page(wide);
  await ask(one, "What can you do?");
  await untilIdle(one);
  const trail = await one.locator("#trail li").allInnerTexts();
  assert(trail.length > 2, `${trail}`);
  const other = await page(wide);
  await other.locator("#recent a", { hasText: "What can you do?" }).click();
  await other.locator("#trail li").nth(trail.length - 1).waitFor();
  assert.deepEqual(await other.locator("#trail li").allInnerTexts(), trail);
  assert.deepEqual(await contents(other), await contents(one));
});
