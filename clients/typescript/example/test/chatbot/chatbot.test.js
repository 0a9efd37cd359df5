// The React hooks in Chromium, with the chatbot of this repository behind the example's Vite proxy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { preview } from "vite";
import { Burdock } from "@burdock/client";
import { chatbot } from "../../../interop/chatbot.js";
import { browser } from "../browser.js";

const LONG = "What is ownership in Rust?";
const closing = [];
let server;
let context;
let url;

before(async () => {
  const file = { after: (close) => closing.unshift(close) };
  server = await chatbot(file);
  context = await browser(file);
  process.env.VITE_BURDOCK = server.base;
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const vite = await preview({ root, logLevel: "silent", preview: { host: "127.0.0.1", port: 0 } });
  file.after(() => vite.close());
  [url] = vite.resolvedUrls.local;
});
after(async () => {
  for (const close of closing) await close();
});

/** Opens the page on a new session, and returns it with a client of that session. */
async function open(t, view) {
  const id = `test-${crypto.randomUUID()}`;
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error));
  t.after(async () => {
    await page.close();
    assert.deepEqual(errors, []);
  });
  await page.goto(`${url}#${id}`);
  await page.getByRole("button", { name: view }).click();
  return { page, session: new Burdock(server.base).session(id) };
}

async function sendPrompt(page, prompt) {
  await page.getByLabel("Prompt").fill(prompt);
  await page.getByRole("button", { name: "Send" }).click();
}

const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor({ timeout: 20_000 });
const answer = (page) => page.locator("article.assistant").last().textContent();

/** Waits until the answer has more than `count` words. */
const words = (page, count) => {
  const more = (count) => [...document.querySelectorAll("article.assistant")].at(-1)?.textContent.split(" ").length > count;
  return page.waitForFunction(more, count, { timeout: 20_000 });
};

/** Records every text of the answer. */
const watch = (page) => page.evaluate(() => {
  window.grown = [];
  const record = () => window.grown.push([...document.querySelectorAll("article.assistant")].at(-1)?.textContent ?? "");
  new MutationObserver(record).observe(document.body, { subtree: true, childList: true, characterData: true });
});

async function lastMessage(session) {
  const { messages } = await session.chat();
  return messages.at(-1)?.text;
}

for (const view of ["Chat", "Single run"]) {
  test(`${view}: words appear one by one`, async (t) => {
    const { page, session } = await open(t, view);
    await watch(page);
    await sendPrompt(page, LONG);
    await words(page, 5);
    await status(page, view === "Chat" ? "idle" : "run_paused");
    const grown = [...new Set(await page.evaluate(() => window.grown))].filter(Boolean);
    assert(grown.length > 5, `${grown.length} steps`);
    for (const [index, text] of grown.entries()) assert(text.startsWith(grown[index - 1] ?? ""), text);
    assert.equal(await answer(page), await lastMessage(session));
  });

  test(`${view}: a stop keeps the text`, async (t) => {
    const { page, session } = await open(t, view);
    await sendPrompt(page, LONG);
    await words(page, 5);
    await page.getByRole("button", { name: "Stop" }).click();
    // this graph commits its answer when it is stopped
    await status(page, view === "Chat" ? "idle" : "run_paused");
    assert.equal(await answer(page), await lastMessage(session));
    assert.equal((await session.get()).position.at, "rest");
  });

  test(`${view}: an answer interrupted by a server crash can be resumed`, async (t) => {
    const { page, session } = await open(t, view);
    await sendPrompt(page, LONG);
    await words(page, 5);
    await server.kill();
    await status(page, "reconnecting");
    const shown = await answer(page);
    await server.start();
    await page.getByRole("button", { name: view === "Chat" ? "Retry" : "Resume" }).click({ timeout: 20_000 });
    await status(page, view === "Chat" ? "idle" : "run_paused");
    const whole = await answer(page);
    assert.equal(whole, await lastMessage(session));
    assert(whole.startsWith(shown) && whole.length > shown.length, `${shown} -> ${whole}`);
  });
}

test("a reload during an answer shows its text, and the answer continues", async (t) => {
  const { page, session } = await open(t, "Chat");
  await sendPrompt(page, LONG);
  await words(page, 5);
  const shown = await answer(page);
  await page.reload();
  await words(page, 5);
  assert((await answer(page)).startsWith(shown));
  await status(page, "idle");
  assert.equal(await answer(page), await lastMessage(session));
});

test("a run whose component is unmounted continues, and a chat shows it", async (t) => {
  const { page, session } = await open(t, "Single run");
  const streams = new Set();
  page.on("request", (request) => request.url().includes("/runs") && streams.add(request));
  page.on("requestfailed", (request) => streams.delete(request));
  await sendPrompt(page, LONG);
  await words(page, 5);
  const shown = await answer(page);
  assert.equal(streams.size, 1);
  await page.getByRole("button", { name: "Chat" }).click();
  await words(page, 5);
  assert((await answer(page)).startsWith(shown));
  assert.equal(streams.size, 0, "the stream of the run is closed");
  assert.equal((await session.get()).running, true);
  await status(page, "idle");
  assert.equal(await answer(page), await lastMessage(session));
});

test("a run continues after a page reload", async (t) => {
  const { page, session } = await open(t, "Single run");
  await sendPrompt(page, LONG);
  await words(page, 5);
  await page.reload();
  await words(page, 5);
  await status(page, "idle");
  assert.equal(await answer(page), await lastMessage(session));
});

test("an idle page receives new messages after a server restart", async (t) => {
  const { page, session } = await open(t, "Chat");
  await sendPrompt(page, "hello");
  await words(page, 1);
  await status(page, "idle");
  await server.kill();
  await status(page, "reconnecting");
  await server.start();
  await status(page, "idle");
  await session.send("and you?").finished;
  await page.getByText("and you?", { exact: true }).waitFor({ timeout: 20_000 });
});
