// The page for who does not see it, sees it in other colours, or has no mouse.

import assert from "node:assert/strict";
import { test } from "node:test";
import axe from "axe-core";
import { rests, says, send } from "./chromium.js";
import { Stage } from "./stage.js";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };
const RICH = "### In short\n\nAn *answer* with `code`, a [link](https://a.example/) and ~~more~~.\n\n```rust\nfn main() {}\n```\n\n# Big\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n> a quote\n\n1. one\n2. two";
const stage = new Stage();

/** What axe finds on the page as it is now, in both schemes, with a window and on a phone. */
async function sound(chat, sizes = [WIDE, PHONE]) {
  for (const viewport of sizes) {
    await chat.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"]) {
      // whose colours are those of the moment where they move
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
  await sound(chat);
});

test("a conversation is, at its end and where it begins", async () => {
  const chat = await stage.page();
  await send(chat, `say ${RICH}`);
  await says(chat, "two");
  await rests(chat);
  await sound(chat);
  await send(chat, `say ${"plain\n\n".repeat(60)}`);
  await rests(chat);
  await chat.locator("#scroll").evaluate((part) => part.scrollTo(0, 0));
  await chat.locator("#latest").waitFor();
  await sound(chat);
});

test("an answer of nothing but text is, and can be scrolled by keyboard", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 1280, height: 420 } });
  await send(chat, `say ${"plain\n\n".repeat(60)}`);
  await says(chat, "plain");
  await rests(chat);
  await sound(chat, [{ width: 1280, height: 420 }, PHONE]);
  await chat.locator("#prompt").focus();
  while (!(await holds(chat, "#scroll"))) await chat.keyboard.press("Shift+Tab");
  await chat.keyboard.press("Home");
  await chat.waitForFunction(() => document.querySelector("#scroll").scrollTop === 0);
});

test("an answer under way is, before its first word and behind it", async () => {
  const chat = await stage.page();
  await send(chat, "say ‖ one ```\ncode ‖");
  await chat.locator(".waiting").waitFor();
  await sound(chat);
  await stage.go();
  await says(chat, "code");
  await sound(chat);
  await chat.setViewportSize(PHONE);
  await chat.locator("#open-path").click();
  await sound(chat, [PHONE]);
});

test("the list of chats in its dialog is", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE });
  await send(chat, "hello");
  await says(chat, "hello");
  await chat.locator("#open-chats").click();
  await chat.locator("#recent a", { hasText: "hello" }).waitFor();
  await sound(chat, [PHONE]);
});

test("the confirmation of a deletion and a long chat are", async () => {
  const session = stage.disk.open("long");
  const history = Array.from({ length: 60 }, (_, index) => ({ role: index % 2 ? "assistant" : "user", text: `message ${index}` }));
  session.append("session_created", { history });
  const chat = await stage.page(`${stage.server.url}#/s/long`, { viewport: WIDE });
  await chat.locator(".message", { hasText: "message 59" }).waitFor();
  await sound(chat);
  await chat.setViewportSize(WIDE);
  await chat.locator("#recent .remove").focus();
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor();
  assert.equal(await held(chat), "delete-no");
  await sound(chat);
  await chat.setViewportSize(WIDE);
  await chat.keyboard.press("Escape");
  await chat.locator("#delete").waitFor({ state: "hidden" });
  assert.ok(await holds(chat, "#recent .remove"), "the focus is on the button that opened the dialog");
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor();
  await chat.keyboard.press("Tab");
  assert.equal(await held(chat), "delete-yes");
  await chat.keyboard.press("Enter");
  await chat.locator("#delete").waitFor({ state: "hidden" });
  assert.equal(await held(chat), "new");
});

test("a failure, an end and a deleted chat are", async () => {
  const chat = await stage.page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await sound(chat);
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  await sound(chat);
  await fetch(new URL(`sessions/${stage.only.id}`, stage.server.url), { method: "DELETE" });
  await chat.locator(".notice.deleted").waitFor();
  await sound(chat);
});

test("a line that is lost, a prompt that was not sent and an answer that was interrupted are", async () => {
  const chat = await stage.page();
  await send(chat, "say one ‖");
  await says(chat, "one");
  await stage.server.kill();
  await chat.locator("#line", { hasText: "Reconnecting" }).waitFor();
  await chat.locator("#stop").click();
  await chat.locator("#refused", { hasText: "Not stopped" }).waitFor();
  await sound(chat);
  await stage.restart();
  await chat.locator(".notice.interrupted").waitFor();
  await sound(chat);
});

test("a refusal is", async () => {
  await stage.server.kill();
  stage.server = await stage.serve({ token: "secret" }).listen();
  const chat = await stage.page();
  await chat.locator("#line", { hasText: "token" }).waitFor();
  await sound(chat);
});

test("everything can be reached by keyboard, in the order in which it stands, and is seen to be", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE, reducedMotion: "reduce" });
  await send(chat, "say ```\ncode\n```");
  await says(chat, "code");
  await rests(chat);
  const reached = [];
  await chat.locator("#skip").focus();
  const { frame: plain } = await lines(chat);
  for (let stop = await held(chat); !reached.includes(stop) && stop !== "body"; stop = await held(chat)) {
    const { outline, frame } = await lines(chat);
    assert.ok(stop === "prompt" ? frame !== plain : outline >= 2, `${stop} shows the focus`);
    reached.push(stop);
    await chat.keyboard.press("Tab");
  }
  assert.deepEqual(reached, ["skip", "open-chats", "open-path", "copy", "pre", "prompt"]);
});

test("a drawer keeps the keyboard while it is open, and gives it back", async () => {
  const chat = await stage.page(undefined, { viewport: PHONE });
  await send(chat, "hello");
  await says(chat, "hello");
  await rests(chat);
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
    assert.equal(await held(chat), `open-${name}`);
  }
});

test("a chat by keyboard alone", async () => {
  const chat = await stage.page();
  await chat.locator("#skip").focus();
  await chat.keyboard.press("Enter");
  assert.equal(await held(chat), "prompt");
  await chat.keyboard.type("say one ‖ two");
  await chat.keyboard.press("Tab");
  assert.equal(await held(chat), "send");
  await chat.keyboard.press("Enter");
  await says(chat, "one");
  assert.equal(await held(chat), "prompt");
  await chat.keyboard.press("Tab");
  assert.equal(await held(chat), "stop");
  await chat.keyboard.press("Enter");
  await rests(chat);
  assert.equal(await held(chat), "prompt");
});

test("what is done by keyboard leaves the keyboard where it can go on", async () => {
  const chat = await stage.page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await chat.locator("#notice-do").focus();
  await chat.keyboard.press("Enter");
  await says(chat, "one two");
  await rests(chat);
  assert.equal(await held(chat), "prompt");
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  assert.equal(await held(chat), "notice-do");
  await chat.keyboard.press("Enter");
  await chat.locator("#notice").waitFor({ state: "hidden" });
  assert.equal(await held(chat), "prompt");
});

test("the list of chats is drawn anew under the keyboard", async () => {
  const chat = await stage.page(undefined, { viewport: WIDE });
  await send(chat, "say one ‖ two");
  await says(chat, "one");
  const link = chat.locator("#recent a");
  await link.filter({ hasText: "answering" }).waitFor();
  await link.focus();
  await stage.go();
  await link.filter({ hasText: "just now" }).waitFor();
  assert.equal(await holds(chat, "#recent a"), true);
});

test("a screen reader hears that an answer comes, then the whole of it, and no word in between", async () => {
  const chat = await stage.page();
  await listen(chat);
  assert.equal(await chat.locator("#log").getAttribute("aria-live"), "off");
  await send(chat, "say one ‖ two ‖ three");
  await says(chat, "one");
  await stage.go();
  await stage.go();
  await hears(chat, "one two three End of the answer.");
  assert.deepEqual(await heard(chat), ["Answering.", "one two three End of the answer."]);
  await chat.reload();
  await says(chat, "one two three");
  await listen(chat);
  await send(chat, "say ¡no");
  await hears(chat, "The answer failed: the model is overloaded");
  assert.doesNotMatch((await heard(chat)).join(), /End of the answer/);
});

test("a screen reader hears an answer that came at once", async () => {
  const chat = await stage.page();
  await send(chat, "hello");
  await hears(chat, "You said hello End of the answer.");
});

test("a screen reader hears that code was copied", async () => {
  const chat = await stage.page();
  await send(chat, "say ```\ncode\n```");
  await hears(chat, "End of the answer.");
  await chat.locator(".copy").focus();
  await chat.keyboard.press("Enter");
  await hears(chat, /^(Copied|Selected)\.$/);
});

test("what a screen reader is told, it is told in parts of the page that were there before", async () => {
  const chat = await stage.page();
  for (const part of ["line", "refused", "said"]) {
    assert.notEqual(await chat.locator(`#${part}`).evaluate((part) => getComputedStyle(part).display), "none", part);
  }
});

async function listen(page) {
  await page.evaluate(() => {
    const said = document.querySelector("#said");
    window.heard = [];
    new MutationObserver(() => window.heard.push(said.textContent)).observe(said, { childList: true });
  });
}
const heard = (page) => page.evaluate(() => window.heard);
const hears = (page, text) => page.locator("#said", { hasText: text }).waitFor({ state: "attached" });

/** What the keyboard is on. */
const held = (page) => page.evaluate(() => {
  const { id, className, localName } = document.activeElement;
  return id || className || localName;
});
const holds = (page, selector) => page.evaluate((selector) => document.activeElement.matches(selector), selector);

/** The lines around what the keyboard is on, and around the box of the prompt. */
const lines = (page) => page.evaluate(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  const frame = getComputedStyle(document.querySelector("#form")).borderColor;
  return { outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), frame };
});
