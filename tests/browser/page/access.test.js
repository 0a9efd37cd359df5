// Accessibility of the page: screen readers, color schemes and keyboard navigation.

import assert from "node:assert/strict";
import { test } from "node:test";
import axe from "axe-core";
import { untilIdle, untilAnswer, send } from "./chromium.js";
import { Stage } from "./stage.js";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };
const RICH = "### In short\n\nAn *answer* with `code`, a [link](https://a.example/) and ~~more~~.\n\n```rust\nfn main() {}\n```\n\n# Big\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n> a quote\n\n1. one\n2. two";
const stage = new Stage();

/** Asserts that axe finds no violations in the current state of the page, in both color schemes and several sizes. */
async function assertAccessible(chat, sizes = [WIDE, PHONE]) {
  for (const viewport of sizes) {
    await chat.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      // during a transition, axe would see intermediate colors
      await chat.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await chat.evaluate(axe.source);
      const { violations } = await chat.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
      assert.deepEqual(found, [], `${viewport.width} ${colorScheme}`);
    }
  }
}

test("an empty page is accessible", async () => {
  const chat = await stage.page();
  await chat.locator("#welcome").waitFor();
  await chat.locator("#map svg").waitFor();
  await assertAccessible(chat);
});

test("a conversation is accessible, at its end and at its start", async () => {
  const chat = await stage.page();
  await send(chat, `say ${RICH}`);
  await untilAnswer(chat, "two");
  await untilIdle(chat);
  await assertAccessible(chat);
  await send(chat, `say ${"plain\n\n".repeat(60)}`);
  await untilIdle(chat);
  await chat.locator("#scroll").evaluate((part) => part.scrollTo(0, 0));
  await chat.locator("#latest").waitFor();
  await assertAccessible(chat);
});

test("an answer of plain text is accessible, and can be scrolled by keyboard", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 1280, height: 420 } });
  await send(chat, `say ${"plain\n\n".repeat(60)}`);
  await untilAnswer(chat, "plain");
  await untilIdle(chat);
  await assertAccessible(chat, [{ width: 1280, height: 420 }, PHONE]);
  await chat.locator("#prompt").focus();
  while (!(await isFocused(chat, "#scroll"))) await chat.keyboard.press("Shift+Tab");
  await chat.keyboard.press("Home");
  await chat.waitForFunction(() => document.querySelector("#scroll").scrollTop === 0);
});

test("an answer in progress is accessible, before and after its first word", async () => {
  const chat = await stage.page();
  await send(chat, "say ‖ one ```\ncode ‖");
  await chat.locator(".waiting").waitFor();
  await assertAccessible(chat);
  await stage.openGate();
  await untilAnswer(chat, "code");
  await assertAccessible(chat);
  await chat.setViewportSize(PHONE);
  await chat.locator("#open-path").click();
  await assertAccessible(chat, [PHONE]);
});

test("the dialog with the list of chats is accessible", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE });
  await send(chat, "hello");
  await untilAnswer(chat, "hello");
  await chat.locator("#open-chats").click();
  await chat.locator("#recent a", { hasText: "hello" }).waitFor();
  await assertAccessible(chat, [PHONE]);
});

test("a long chat and the confirmation of its deletion are accessible", async () => {
  const session = stage.disk.open("long");
  const history = Array.from({ length: 60 }, (_, index) => ({ role: index % 2 ? "assistant" : "user", text: `message ${index}` }));
  session.append("session_created", { history });
  const chat = await stage.page(`${stage.server.url}#/s/long`, { viewport: WIDE });
  await chat.locator(".message", { hasText: "message 59" }).waitFor();
  await assertAccessible(chat);
  await chat.setViewportSize(WIDE);
  await chat.locator("#recent .remove").focus();
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor();
  assert.equal(await focused(chat), "delete-no");
  await assertAccessible(chat);
  await chat.setViewportSize(WIDE);
  await chat.keyboard.press("Escape");
  await chat.locator("#delete").waitFor({ state: "hidden" });
  await untilFocused(chat, "#recent .remove");
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor();
  await chat.keyboard.press("Tab");
  assert.equal(await focused(chat), "delete-yes");
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor({ state: "hidden" });
  await untilFocused(chat, "#new");
});

test("failed, ended and deleted chats are accessible", async () => {
  const chat = await stage.page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await assertAccessible(chat);
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  await assertAccessible(chat);
  await fetch(new URL(`sessions/${stage.only.id}`, stage.server.url), { method: "DELETE" });
  await chat.locator(".notice.deleted").waitFor();
  await assertAccessible(chat);
});

test("a lost connection, a failed request and an interrupted answer are accessible", async () => {
  const chat = await stage.page();
  await send(chat, "say one ‖");
  await untilAnswer(chat, "one");
  await stage.server.kill();
  await chat.locator("#line", { hasText: "Reconnecting" }).waitFor();
  await chat.locator("#stop").click();
  await chat.locator("#error", { hasText: "Not stopped" }).waitFor();
  await assertAccessible(chat);
  await stage.restart();
  await chat.locator(".notice.interrupted").waitFor();
  await assertAccessible(chat);
});

test("a rejected request is accessible", async () => {
  await stage.server.kill();
  stage.server = await stage.serve({ token: "secret" }).listen();
  const chat = await stage.page();
  await chat.locator("#line", { hasText: "token" }).waitFor();
  await assertAccessible(chat);
});

test("everything can be reached by keyboard in document order, with a visible focus", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE, reducedMotion: "reduce" });
  await send(chat, "say ```\ncode\n```");
  await untilAnswer(chat, "code");
  await untilIdle(chat);
  const reached = [];
  await chat.locator("#skip").focus();
  const { frame: plain } = await outlines(chat);
  for (let name = await focused(chat); !reached.includes(name) && name !== "body"; name = await focused(chat)) {
    const { outline, frame } = await outlines(chat);
    assert.ok(name === "prompt" ? frame !== plain : outline >= 2, `${name} has a visible focus`);
    reached.push(name);
    await chat.keyboard.press("Tab");
  }
  assert.deepEqual(reached, ["skip", "open-chats", "open-path", "copy", "pre", "prompt"]);
});

test("an open drawer keeps the focus, and restores it when closed", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE });
  await send(chat, "hello");
  await untilAnswer(chat, "hello");
  await untilIdle(chat);
  for (const name of ["path", "chats"]) {
    const dialog = chat.locator(`#${name}-dialog`);
    await chat.locator(`#open-${name}`).focus();
    await chat.keyboard.press("Enter");
    await dialog.waitFor();
    for (let left = 0; left < 6; left += 1) {
      await chat.keyboard.press("Tab");
      assert.ok(await dialog.evaluate((open) => open.contains(document.activeElement) || document.activeElement === document.body));
    }
    await chat.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await untilFocused(chat, `#open-${name}`);
  }
});

test("a chat can be used by keyboard alone", async () => {
  const chat = await stage.page();
  await chat.locator("#skip").focus();
  await chat.keyboard.press("Enter");
  assert.equal(await focused(chat), "prompt");
  await chat.keyboard.type("say one ‖ two");
  await chat.keyboard.press("Tab");
  assert.equal(await focused(chat), "send");
  await chat.keyboard.press("Enter");
  await untilAnswer(chat, "one");
  assert.equal(await focused(chat), "prompt");
  await chat.keyboard.press("Tab");
  assert.equal(await focused(chat), "stop");
  await chat.keyboard.press("Enter");
  await untilIdle(chat);
  assert.equal(await focused(chat), "prompt");
});

test("actions by keyboard leave the focus on a usable element", async () => {
  const chat = await stage.page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await chat.locator("#notice-do").focus();
  await chat.keyboard.press("Enter");
  await untilAnswer(chat, "one two");
  await untilIdle(chat);
  assert.equal(await focused(chat), "prompt");
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  assert.equal(await focused(chat), "notice-do");
  await chat.keyboard.press("Enter");
  await chat.locator("#notice").waitFor({ state: "hidden" });
  await untilFocused(chat, "#prompt");
});

test("redrawing the list of chats keeps the focus", async () => {
  const chat = await stage.page(undefined, { viewport: WIDE });
  await send(chat, "say one ‖ two");
  await untilAnswer(chat, "one");
  const link = chat.locator("#recent a");
  await link.filter({ hasText: "answering" }).waitFor();
  await link.focus();
  await stage.openGate();
  await link.filter({ hasText: "just now" }).waitFor();
  assert.equal(await isFocused(chat, "#recent a"), true);
});

test("a screen reader announces that an answer has started and then its full text, without intermediate words", async () => {
  const chat = await stage.page();
  await recordAnnouncements(chat);
  assert.equal(await chat.locator("#log").getAttribute("aria-live"), "off");
  await send(chat, "say one ‖ two ‖ three");
  await untilAnswer(chat, "one");
  await stage.openGate();
  await stage.openGate();
  await untilAnnounced(chat, "one two three End of the answer.");
  assert.deepEqual(await announcements(chat), ["Answering.", "one two three End of the answer."]);
  await chat.reload();
  await untilAnswer(chat, "one two three");
  await recordAnnouncements(chat);
  await send(chat, "say ¡no");
  await untilAnnounced(chat, "The answer failed: the model is overloaded");
  assert.doesNotMatch((await announcements(chat)).join(), /End of the answer/);
});

test("a screen reader announces an immediate answer", async () => {
  const chat = await stage.page();
  await send(chat, "hello");
  await untilAnnounced(chat, "You said hello End of the answer.");
});

test("a screen reader announces that code was copied", async () => {
  const chat = await stage.page();
  await send(chat, "say ```\ncode\n```");
  await untilAnnounced(chat, "End of the answer.");
  await chat.locator(".copy").focus();
  await chat.keyboard.press("Enter");
  await untilAnnounced(chat, /^(Copied|Selected)\.$/);
});

test("live regions are present before they have content", async () => {
  const chat = await stage.page();
  for (const part of ["line", "error", "announcer"]) {
    assert.notEqual(await chat.locator(`#${part}`).evaluate((part) => getComputedStyle(part).display), "none", part);
  }
});

async function recordAnnouncements(page) {
  await page.evaluate(() => {
    const announcer = document.querySelector("#announcer");
    window.announcements = [];
    new MutationObserver(() => window.announcements.push(announcer.textContent)).observe(announcer, { childList: true });
  });
}
const announcements = (page) => page.evaluate(() => window.announcements);
const untilAnnounced = (page, text) => page.locator("#announcer", { hasText: text }).waitFor({ state: "attached" });

/** Returns the id, class or name of the focused element. */
const focused = (page) => page.evaluate(() => {
  const { id, className, localName } = document.activeElement;
  return id || className || localName;
});
/** Waits for the focus: a dialog passes it on in its `close` event, after it is hidden. */
const untilFocused = (page, selector) => page.waitForFunction((selector) => document.activeElement.matches(selector), selector);
const isFocused = (page, selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);

/** Returns the outline of the focused element and the border of the prompt. */
const outlines = (page) => page.evaluate(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  const frame = getComputedStyle(document.querySelector("#form")).borderColor;
  return { outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), frame };
});
