import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { FakeServer } from "../../build/test/fake/server.js";
import { gate } from "../../build/test/serve.js";
import { browser } from "./browser.js";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Serves the built page on the same origin as the API. */
function page(path, response) {
  const file = new URL(`../dist${path === "/" ? "/index.html" : path}`, import.meta.url);
  try {
    const body = readFileSync(file);
    response.writeHead(200, { "content-type": TYPES[extname(file.pathname)] ?? "text/plain" }).end(body);
    return true;
  } catch {
    return false;
  }
}

async function open(t) {
  const server = new FakeServer(page);
  server.prefix = "/api";
  const url = await server.listen();
  const context = await browser(t);
  t.after(() => server.close());
  const tab = async () => {
    const tab = await context.newPage();
    tab.on("pageerror", (error) => assert.fail(error));
    await tab.goto(`${url}/#anna`);
    return tab;
  };
  return { server, tab };
}

async function sendPrompt(tab, prompt) {
  await tab.getByLabel("Prompt").fill(prompt);
  await tab.getByRole("button", { name: "Send" }).click();
}

/** Waits until the page shows exactly these messages. */
async function shows(tab, ...texts) {
  await tab.waitForFunction(
    (expected) => {
      const shown = [...document.querySelectorAll("article")].map((article) => article.textContent);
      return JSON.stringify(shown) === expected;
    },
    JSON.stringify(texts),
    { timeout: 10_000 },
  );
}

async function until(condition) {
  while (!condition()) await setTimeout(10);
}

const status = (tab, text) => tab.getByRole("status").filter({ hasText: text }).waitFor();

test("chat in the browser", async (t) => {
  const { server, tab } = await open(t);
  const anna = await tab();

  await t.test("words appear one by one, also in a second tab", async () => {
    await status(anna, "idle");
    const held = gate(2);
    server.pace = held.pace;
    await sendPrompt(anna, "one two three");
    await shows(anna, "one two three", "one two ");
    const second = await tab();
    await shows(second, "one two three", "one two ");
    held.open();
    for (const page of [anna, second]) {
      await shows(page, "one two three", "one two three");
      await status(page, "idle");
    }
    await second.close();
  });

  await t.test("the answer continues after a lost connection and after a reload", async () => {
    const held = gate(1);
    server.pace = held.pace;
    await sendPrompt(anna, "four five");
    const before = ["one two three", "one two three", "four five"];
    await shows(anna, ...before, "four ");
    // the delay before the client reconnects is random, and may be shorter than any interval of checks
    const opened = () => server.requests.filter((request) => request.includes("/chat/events")).length;
    const opens = opened();
    server.drop();
    await until(() => opened() > opens && server.readers === 1);
    await anna.reload();
    await shows(anna, ...before, "four ");
    held.open();
    await shows(anna, ...before, "four five");
    await status(anna, "idle");
  });

  await t.test("a stopped answer keeps its text and can be retried", async () => {
    const held = gate(1);
    server.pace = held.pace;
    await sendPrompt(anna, "six seven");
    await anna.getByRole("article").filter({ hasText: /^six $/ }).waitFor();
    await anna.getByRole("button", { name: "Stop" }).click();
    await until(() => server.requests.at(-1).endsWith("/stop"));
    held.open();
    await status(anna, "unfinished");
    await anna.getByRole("button", { name: "Retry" }).click();
    await status(anna, "idle");
  });

  await t.test("an answer interrupted by a server crash can be retried", async () => {
    server.pace = gate(1).pace;
    await sendPrompt(anna, "eight nine");
    await anna.getByRole("article").filter({ hasText: /^eight $/ }).waitFor();
    server.crash(1);
    await status(anna, "unfinished");
    server.pace = () => Promise.resolve();
    await anna.getByRole("button", { name: "Retry" }).click();
    await anna.getByRole("article").filter({ hasText: /^eight nine$/ }).last().waitFor();
    await status(anna, "idle");
  });

  await t.test("a failure is shown", async () => {
    await sendPrompt(anna, "ten fail");
    await anna.getByRole("alert").filter({ hasText: "the model is tired" }).waitFor();
    if (process.env.SCREENSHOT) await anna.screenshot({ path: process.env.SCREENSHOT });
  });
});
