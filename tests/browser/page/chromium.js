// Debian's Chromium, and helpers for page tests.

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

/** Opens a page that records script errors, violations of its CSP, and requests to other origins. */
export async function open(browser, url, options = {}) {
  const context = options.context ?? (await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options }));
  const page = await context.newPage();
  page.errors = [];
  const origin = new URL(url).origin;
  page.on("pageerror", (error) => page.errors.push(`error: ${error.stack}`));
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) page.errors.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) page.errors.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

/**
 * Returns the texts of the messages as they are laid out. `innerText` of a group that Chromium has not laid out, because
 * it is far from the viewport, is empty: all groups are laid out for the read.
 */
export const texts = (page) =>
  page.locator(".message .body").evaluateAll((bodies) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { content-visibility: visible !important; }");
    document.adoptedStyleSheets.push(sheet);
    const all = bodies.map((body) => body.innerText);
    document.adoptedStyleSheets.pop();
    return all;
  });

export async function send(page, prompt) {
  await page.locator("#prompt").fill(prompt);
  await page.locator("#prompt").press("Enter");
}

/** The time limit for a page, in milliseconds. Tabs wait for their slots, and the machine may be busy. */
const HANGS = 60_000;

/** Waits until the last answer contains a text. */
export const untilAnswer = (page, words) =>
  page.locator(".message.assistant .body").last().filter({ hasText: words }).waitFor({ timeout: HANGS });

/** Waits until no run is in progress. */
export const untilIdle = (page) => page.locator("#stop").waitFor({ state: "hidden", timeout: HANGS });
