// The example `story` with its server.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { launch, open } from "./chromium.js";
import { binary, Program } from "./program.js";

let path;
let browser;
let story;
const opened = [];

before(async () => {
  path = await binary("story");
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  story = await (await Program.allocate(path)).start("--serve");
});
afterEach(async () => {
  const errors = opened.flatMap((page) => page.errors);
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  await story.remove();
  assert.deepEqual(errors, []);
});

async function order() {
  const page = await open(browser, story.url);
  opened.push(page);
  await page.locator("#subject").fill("a dragon");
  await page.locator("#write").click();
  return page;
}

/** Returns the values of the form fields. */
const shown = (page) =>
  page.evaluate(() => {
    const text = (part) => part.textContent;
    const chapters = [...document.querySelectorAll("#parts li")].map((item) => [...item.children].map(text));
    const [title, mood, rating] = ["title", "mood", "rating"].map((id) => text(document.getElementById(id)));
    return { title, chapters: chapters.flat(), mood, rating };
  });

const isPrefix = (one, other) =>
  ["title", "mood", "rating"].every((field) => other[field].startsWith(one[field])) &&
  one.chapters.every((text, at) => other.chapters[at]?.startsWith(text));

const isComplete = (page) => page.locator("#status", { hasText: "Complete." }).waitFor();

test("the fields fill while the answer arrives, and a reload shows the same value", async () => {
  const page = await order();
  const steps = [];
  await page.locator("#parts li p:not(:empty)").first().waitFor();
  steps.push(await shown(page));
  await page.reload();
  await page.locator("#parts li p:not(:empty)").first().waitFor();
  await page.waitForFunction((text) => document.querySelector("#parts").textContent.length >= text.length, steps[0].chapters.join(""));
  steps.push(await shown(page));
  await page.locator("#parts li:nth-child(2) p:not(:empty)").waitFor();
  steps.push(await shown(page));
  await isComplete(page);
  steps.push(await shown(page));
  for (let at = 1; at < steps.length; at += 1) assert.ok(isPrefix(steps[at - 1], steps[at]), JSON.stringify(steps));
  const { title, mood, rating } = steps.at(-1);
  assert.ok(title && mood && rating, JSON.stringify(steps.at(-1)));
  assert.equal(await page.locator("#subject").inputValue(), "a dragon");

  const late = await open(browser, page.url());
  opened.push(late);
  await isComplete(late);
  assert.deepEqual(await shown(late), steps.at(-1));
});

test("a stop keeps the partial value, and the next order starts again", async () => {
  const page = await order();
  await page.locator("#parts li p:not(:empty)").first().waitFor();
  await page.locator("#stop").click();
  await page.locator("#status", { hasText: "Stopped. The story is incomplete." }).waitFor();
  const partial = await shown(page);
  assert.equal(partial.rating, "");
  await page.reload();
  await page.locator("#status", { hasText: "Stopped." }).waitFor();
  assert.deepEqual(await shown(page), partial);
  await page.locator("#write").click();
  await isComplete(page);
});
