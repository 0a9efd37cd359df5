// The page in Chromium with the fake server: user actions and network failures.

import assert from "node:assert/strict";
import { test } from "node:test";
import { untilIdle, untilAnswer, send, texts } from "./chromium.js";
import { Stage } from "./stage.js";

const stage = new Stage();

test("a prompt is answered word by word", async () => {
  const chat = await stage.page();
  assert.match(chat.url(), /#\/s\/[a-z0-9-]+$/);
  await send(chat, "say one ‖ two ‖ three");
  await untilAnswer(chat, /^one$/);
  assert.equal(await chat.locator("#prompt").inputValue(), "");
  await stage.openGate();
  await untilAnswer(chat, /^one two$/);
  await stage.openGate();
  await untilAnswer(chat, /^one two three$/);
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one ‖ two ‖ three", "one two three"]);
});

test("Enter sends, and Shift+Enter starts a new line", async () => {
  const chat = await stage.page();
  await chat.locator("#prompt").pressSequentially("one");
  await chat.locator("#prompt").press("Shift+Enter");
  await chat.locator("#prompt").pressSequentially("two");
  await chat.locator("#prompt").press("Enter");
  await untilAnswer(chat, "You said one");
  assert.equal((await texts(chat))[0], "one\ntwo");
});

test("a stop keeps the text so far", async () => {
  const chat = await stage.page();
  await send(chat, "say one two ‖ three");
  await untilAnswer(chat, "one two");
  await chat.locator("#stop").click();
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two"]);
  assert.equal(stage.only.history.at(-1).text.trim(), "one two");
  await chat.reload();
  await untilAnswer(chat, "one two");
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two"]);
});

test("Escape stops the answer", async () => {
  const chat = await stage.page();
  await send(chat, "say one ‖ two");
  await untilAnswer(chat, "one");
  await chat.keyboard.press("Escape");
  await untilIdle(chat);
  assert.equal((await texts(chat))[1], "one");
});

test("a reload during an answer shows the same text and continues", async () => {
  const chat = await stage.page();
  await send(chat, "say one two ‖ three");
  await untilAnswer(chat, "one two");
  const before = await texts(chat);
  await chat.reload();
  await untilAnswer(chat, "one two");
  assert.deepEqual(await texts(chat), before);
  await chat.locator("#stop").waitFor();
  await stage.openGate();
  await untilAnswer(chat, "one two three");
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two three"]);
});

test("a cut connection is restored without a gap or a repeat", async () => {
  const chat = await stage.page();
  await send(chat, "say one ‖ two three ‖ four");
  await untilAnswer(chat, "one");
  stage.server.cut();
  await stage.openGate();
  await untilAnswer(chat, "one two three");
  stage.server.cut();
  await stage.openGate();
  await untilAnswer(chat, "one two three four");
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one ‖ two three ‖ four", "one two three four"]);
});

test("after a server crash the text is the same, and the answer can be resumed", async () => {
  const chat = await stage.page();
  await send(chat, "say one two ‖ three");
  await untilAnswer(chat, "one two");
  const before = await texts(chat);
  await stage.server.kill();
  await chat.locator("#line").filter({ hasText: "Reconnecting" }).waitFor();
  assert.deepEqual(await texts(chat), before);
  await stage.restart();
  await chat.locator(".notice.interrupted").waitFor();
  assert.deepEqual(await texts(chat), before);
  await chat.reload();
  await chat.locator(".notice.interrupted").waitFor();
  assert.deepEqual(await texts(chat), before);
  await chat.locator("#notice-do").click();
  await stage.openGate();
  await untilAnswer(chat, "one two three");
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two three"]);
  assert.equal(await chat.locator("#notice").isVisible(), false);
});

test("two tabs show the same messages", async () => {
  const first = await stage.page();
  const second = await stage.page(first.url(), { context: first.context() });
  await send(first, "say one ‖ two");
  await Promise.all([untilAnswer(first, "one"), untilAnswer(second, "one")]);
  assert.deepEqual(await texts(second), await texts(first));
  await second.locator("#stop").waitFor();
  await stage.openGate();
  await untilAnswer(first, "one two");
  await untilIdle(second);
  await send(second, "and three");
  await untilAnswer(first, "You said and three");
  await untilIdle(first);
  await untilIdle(second);
  assert.deepEqual(await texts(second), await texts(first));
  assert.equal((await texts(first)).length, 4);
});

test("a failure is shown and can be retried", async () => {
  const chat = await stage.page();
  await send(chat, "say one two ¡three four");
  const notice = chat.locator(".notice.failed");
  await notice.waitFor();
  assert.match(await notice.innerText(), /the model is overloaded/);
  await chat.locator(".dropped:visible").filter({ hasText: "one two" }).waitFor();
  await chat.reload();
  await notice.waitFor();
  assert.match(await notice.innerText(), /the model is overloaded/);
  await chat.locator("#notice-do").click();
  await untilAnswer(chat, "one two three four");
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one two ¡three four", "one two three four"]);
  assert.equal(await chat.locator(".dropped:visible").count(), 0);
});

test("a new prompt can be sent after a failure", async () => {
  const chat = await stage.page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await send(chat, "never mind");
  await untilAnswer(chat, "You said never mind");
  await untilIdle(chat);
  assert.deepEqual(await texts(chat), ["say one ¡two", "never mind", "You said never mind"]);
});

test("words lost in a crash disappear, and are replaced", async () => {
  const chat = await stage.page();
  await send(chat, "say one two three ‖ four");
  await untilAnswer(chat, "one two three");
  const session = stage.only;
  await stage.server.kill();
  session.lose(session.entries.findLast((entry) => entry.text === "two ").offset);
  await stage.restart();
  await untilAnswer(chat, /^one two$/);
  await chat.locator(".notice.interrupted").waitFor();
  await chat.locator("#notice-do").click();
  await stage.openGate();
  await untilAnswer(chat, /^one two three four$/);
  await untilIdle(chat);
});

test("a commit lost in a crash disappears", async () => {
  const chat = await stage.page();
  await send(chat, "first");
  await untilAnswer(chat, "You said first");
  await untilIdle(chat);
  const kept = stage.only.entries.length - 1;
  await send(chat, "second");
  await untilAnswer(chat, "You said second");
  await untilIdle(chat);
  await stage.server.kill();
  stage.only.lose(kept);
  await stage.restart();
  await chat.locator(".message", { hasText: "second" }).first().waitFor({ state: "detached" });
  assert.deepEqual(await texts(chat), ["first", "You said first"]);
});

test("a prompt that could not be sent is kept", async () => {
  const chat = await stage.page();
  await send(chat, "hello");
  await untilAnswer(chat, "You said hello");
  await untilIdle(chat);
  await stage.server.kill();
  await send(chat, "are you there?");
  await chat.locator("#error").filter({ hasText: "Not sent" }).waitFor();
  assert.equal(await chat.locator("#prompt").inputValue(), "are you there?");
  await stage.restart();
  await chat.reload();
  await untilAnswer(chat, "You said hello");
  assert.equal(await chat.locator("#prompt").inputValue(), "are you there?");
  await chat.locator("#prompt").press("Enter");
  await untilAnswer(chat, "You said are you there?");
});

test("text of users and models creates no active content", async () => {
  const attack = [
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "<svg/onload=window.hacked=1>",
    "![picture](https://evil.example/x.png)",
    "`<b onclick=window.hacked=1>`",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
  ].join(" ");
  const chat = await stage.page();
  await send(chat, `say ${attack}`);
  await untilAnswer(chat, "iframe");
  await untilIdle(chat);
  assert.equal((await texts(chat))[0], `say ${attack}`);
  const found = await chat.evaluate(() => ({
    hacked: window.hacked,
    elements: [...document.querySelectorAll("#log *")].map((element) => element.localName),
    links: [...document.querySelectorAll("#log a")].map((link) => [link.getAttribute("href"), link.rel]),
    attributes: [...document.querySelectorAll("#log *")].flatMap((element) => element.getAttributeNames()),
  }));
  assert.equal(found.hacked, undefined);
  assert.deepEqual(found.elements.filter((name) => ["img", "script", "svg", "iframe", "b"].includes(name)), []);
  assert.deepEqual(found.links, [["https://evil.example/x.png", "noopener noreferrer nofollow"]]);
  assert.deepEqual(found.attributes.filter((name) => name.startsWith("on") || name === "style"), []);
});

test("the path through the graph is shown during a run", async () => {
  const chat = await stage.page();
  await send(chat, "write code ‖ please");
  const trail = chat.locator("#trail li .name");
  await trail.nth(3).waitFor();
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "choose mode", "write code"]);
  assert.equal(await chat.locator("#trail [aria-current=step] .name").innerText(), "write code");
  assert.deepEqual(await chat.locator("#map .active text").allTextContents(), ["write code"]);
  assert.equal(await chat.locator("#map .node").count(), 6);
  await stage.openGate();
  await untilIdle(chat);
  assert.equal(await chat.locator("#map .active").count(), 0);
  assert.equal(await chat.locator("#map .taken").count(), 3);
  await chat.reload();
  await trail.nth(3).waitFor();
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "choose mode", "write code"]);
  await send(chat, "bomb");
  await chat.locator("#trail li", { hasText: "refuse" }).waitFor();
  await untilIdle(chat);
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "refuse"]);
});

test("a new chat is a new session, and the list links to the old one", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 1440, height: 800 } });
  await send(chat, "the first chat");
  await untilAnswer(chat, "You said");
  await untilIdle(chat);
  const first = chat.url();
  await chat.locator("#new").click();
  await chat.locator("#welcome").waitFor();
  assert.notEqual(chat.url(), first);
  assert.deepEqual(await texts(chat), []);
  await chat.locator("#recent a", { hasText: "the first chat" }).click();
  await untilAnswer(chat, "You said the first chat");
  assert.equal(chat.url(), first);
});

test("a deleted chat shows a notice", async () => {
  const chat = await stage.page();
  await send(chat, "hello");
  await untilAnswer(chat, "You said");
  await untilIdle(chat);
  await fetch(new URL(`sessions/${stage.only.id}`, stage.server.url), { method: "DELETE" });
  await chat.locator(".notice.deleted").waitFor();
  assert.equal(await chat.locator("#prompt").isDisabled(), true);
});

test("an ended conversation can be reopened", async () => {
  const chat = await stage.page();
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  assert.equal(await chat.locator("#prompt").isDisabled(), true);
  await chat.locator("#notice-do").click();
  await chat.locator("#notice").waitFor({ state: "hidden" });
  await send(chat, "hello");
  await untilAnswer(chat, "You said hello");
});

test("the page works under a path, with a token from the URL", async () => {
  await stage.server.kill();
  stage.server = await stage.serve({ base: "/a/b/", token: "secret" }).listen();
  const chat = await stage.page(`${stage.server.url}#/s/mine&token=secret`);
  await send(chat, "hello");
  await untilAnswer(chat, "You said hello");
  assert.ok(chat.url().endsWith("#/s/mine"), chat.url());
  await chat.reload();
  await untilAnswer(chat, "You said hello");
  const stranger = await stage.page(`${stage.server.url}#/s/mine`);
  await stranger.locator("#line", { hasText: "token" }).waitFor();
});

test("nothing is wider than the window on a phone", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 320, height: 640 } });
  await send(chat, `say ${"wide".repeat(60)} \`${"code".repeat(60)}\`\n\n\`\`\`\n${"block ".repeat(60)}\n\`\`\`\n\n| a | b |\n|---|---|\n| ${"cell".repeat(40)} | x |`);
  await untilAnswer(chat, "cell");
  await untilIdle(chat);
  const { wide, window } = await chat.evaluate(() => ({ wide: document.querySelector("#scroll").scrollWidth, window: document.querySelector("#scroll").clientWidth }));
  assert.ok(wide <= window, `${wide} in ${window}`);
  assert.ok(await chat.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("new text does not scroll a reader who has scrolled up", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 800, height: 400 } });
  await send(chat, `say ${"line\n\n".repeat(40)} end ‖ more\n\nand more`);
  await untilAnswer(chat, "end");
  const top = () => chat.locator("#scroll").evaluate((part) => part.scrollTop);
  assert.ok((await top()) > 100);
  await chat.locator("#scroll").evaluate((part) => part.scrollTo(0, 50));
  await chat.locator("#latest").waitFor();
  await stage.openGate();
  await untilAnswer(chat, "and more");
  assert.equal(await top(), 50);
  await chat.locator("#latest").click();
  await chat.locator("#latest").waitFor({ state: "hidden" });
});

test("a chat is deleted from the list after a confirmation", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 1440, height: 800 } });
  for (const prompt of ["the first chat", "the second chat"]) {
    await chat.locator("#new").click();
    await send(chat, prompt);
    await untilAnswer(chat, `You said ${prompt}`);
    await untilIdle(chat);
  }
  const other = await stage.page(chat.url(), { context: chat.context() });
  await untilAnswer(other, "You said the second chat");
  const [first, second] = ["first", "second"].map((name) => chat.locator("#recent li", { hasText: name }));
  await first.hover();
  await first.getByRole("button", { name: "Delete the first chat" }).click();
  const dialog = chat.locator("#delete");
  assert.match(await dialog.innerText(), /Delete this chat\?\s+the first chat/);
  await chat.locator("#delete-no").click();
  assert.equal(await first.count(), 1);
  await first.hover();
  await first.locator(".remove").click();
  await chat.locator("#delete-yes").click();
  await first.waitFor({ state: "detached" });
  assert.equal(await dialog.isVisible(), false);
  assert.deepEqual(await texts(chat), ["the second chat", "You said the second chat"]);
  assert.equal(stage.disk.sessions.size, 1);
  // deleting the current chat opens a new one, and other tabs show that it was deleted
  await second.hover();
  await second.locator(".remove").click();
  await chat.locator("#delete-yes").click();
  await chat.locator("#welcome").waitFor();
  await second.waitFor({ state: "detached" });
  assert.deepEqual(await texts(chat), []);
  await other.locator(".notice.deleted").waitFor();
  assert.equal(stage.disk.sessions.size, 0);
});

test("a failed deletion keeps the chat and shows the reason", async () => {
  const chat = await stage.page(undefined, { viewport: { width: 1440, height: 800 } });
  await send(chat, "hello");
  await untilAnswer(chat, "You said hello");
  await untilIdle(chat);
  await chat.locator("#recent .remove").click();
  await stage.server.kill();
  await chat.locator("#delete-yes").click();
  await chat.locator("#delete-failed", { hasText: "cannot be reached" }).waitFor();
  assert.equal(await chat.locator("#delete-yes").isEnabled(), true);
  await stage.restart();
  await chat.locator("#delete-yes").click();
  await chat.locator("#recent li").waitFor({ state: "detached" });
});

test("a long chat shows its newest messages, and loads older ones when the reader scrolls to them", async () => {
  const session = stage.disk.open("long");
  session.append("session_created", { history: [] });
  const history = Array.from({ length: 101 }, (_, index) => ({ role: index % 2 ? "assistant" : "user", text: `message ${index}\n\n`.repeat(4) }));
  session.append("run_started", { run: 1, node: "prompt", prompt: "x" });
  session.append("step_committed", { step: 0, node: "answer", attempt: 1, next: { pause: "prompt" }, history });
  session.append("run_paused", { node: "prompt" });
  const chat = await stage.page(`${stage.server.url}#/s/long`);
  const count = () => chat.locator(".message").count();
  await chat.locator(".message", { hasText: "message 100" }).waitFor();
  assert.ok((await count()) < 50);
  // the visible messages stay in place while older ones are inserted before them
  const scroll = chat.locator("#scroll");
  const name = (await texts(chat))[0].split("\n")[0];
  const before = await count();
  await scroll.evaluate((part) => part.scrollTo(0, 0));
  await chat.waitForFunction((before) => document.querySelectorAll(".message").length > before, before);
  const known = chat.locator(".message", { hasText: new RegExp(`${name}\\b`) }).first();
  await chat.waitForFunction(() => document.querySelector("#log").getAttribute("aria-busy") === "false");
  const [top, edge] = [(await known.boundingBox()).y, (await scroll.boundingBox()).y];
  assert.ok(Math.abs(top - edge) < 150, `${top} ${edge}`);
  while (await chat.locator("#older").isVisible()) await chat.locator("#older").click({ timeout: 2000 }).catch(() => {});
  assert.equal(await count(), 101);
  assert.equal((await texts(chat))[0].split("\n")[0], "message 0");
  // the older messages are kept after an answer
  await send(chat, "hello");
  await untilAnswer(chat, "You said hello");
  await untilIdle(chat);
  assert.equal(await count(), 103);
});

test("a long list of chats is loaded page by page", async () => {
  for (let index = 0; index < 45; index += 1) stage.disk.open(`chat ${index + 10}`).append("session_created", { history: [] });
  const chat = await stage.page(undefined, { viewport: { width: 1440, height: 800 } });
  await chat.locator("#recent li").nth(39).waitFor();
  assert.equal(await chat.locator("#recent li").count(), 40);
  await chat.locator("#more").click();
  await chat.locator("#recent li").nth(44).waitFor();
  assert.equal(await chat.locator("#more").isVisible(), false);
});
