// Chromium as Debian has it, and what every page test starts with.

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

/** A page that notes what must never happen: errors, refused content, requests to elsewhere. */
export async function open(browser, url, options = {}) {
  const context = options.context ?? (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options }));
  const page = await context.newPage();
  page.wrong = [];
  const origin = new URL(url).origin;
  page.on("pageerror", (error) => page.wrong.push(`error: ${error.stack}`));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) page.wrong.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) page.wrong.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

export const texts = (page) => page.locator(".message .body").allInnerTexts();

export async function send(page, prompt) {
  await page.locator("#prompt").fill(prompt);
  await page.locator("#prompt").press("Enter");
}

/** Waits until the last answer has these words. */
export const says = (page, words) =>
  page.locator(".message.assistant .body").last().filter({ hasText: words }).waitFor({ timeout: 10_000 });

/** Waits until nothing runs. */
export const rests = (page) => page.locator("#stop").waitFor({ state: "hidden", timeout: 10_000 });
