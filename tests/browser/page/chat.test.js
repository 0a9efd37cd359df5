// The page in Chromium, against the fake server: what a user does, and what the network does to them.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { Disk } from "../fake/disk.js";
import { Fake } from "../fake/server.js";
import { launch, open, rests, says, send, texts } from "./chromium.js";

let browser;
let disk;
let server;
let gate;
const opened = [];

/** Words one by one; at `‖` waits until the test opens the gate; at `¡` fails the first time. */
async function* script(prompt, ctl) {
  const answer = prompt.startsWith("say ") ? prompt.slice(4) : `You said ${prompt}`;
  const attempt = (attempts[prompt] = (attempts[prompt] ?? 0) + 1);
  for (const word of answer.split(" ")) {
    if (word.startsWith("¡") && attempt === 1) throw new Error("the model is overloaded");
    if (word === "‖") await ctl.wait(gate.arrive());
    else yield `${word.replace("¡", "")} `;
    if (ctl.stopped) return;
  }
}
let attempts;

async function page(url = server.url, options) {
  const page = await open(browser, url, options);
  opened.push(page);
  return page;
}

/** Where answers wait for the test. */
class Gate {
  #here = [];
  #came = () => {};

  arrive() {
    return new Promise((go) => {
      this.#here.push(go);
      this.#came();
    });
  }

  /** Opens for one answer, once it is here. */
  async open() {
    if (this.#here.length === 0) await new Promise((came) => (this.#came = came));
    this.#here.shift()();
  }
}

const go = () => gate.open();

before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => {
  gate = new Gate();
  attempts = {};
  disk = new Disk();
  server = await new Fake(disk, { script }).listen();
});
afterEach(async () => {
  const wrong = opened.flatMap((page) => page.wrong);
  await Promise.all(opened.splice(0).map((page) => page.context().close()));
  await server.kill();
  assert.deepEqual(wrong, []);
});

const only = () => [...disk.sessions.values()][0];

test("a prompt is answered word by word", async () => {
  const chat = await page();
  assert.match(chat.url(), /#\/s\/[a-z0-9-]+$/);
  await send(chat, "say one ‖ two ‖ three");
  await says(chat, /^one$/);
  assert.equal(await chat.locator("#prompt").inputValue(), "");
  await go();
  await says(chat, /^one two$/);
  await go();
  await says(chat, /^one two three$/);
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one ‖ two ‖ three", "one two three"]);
});

test("Enter sends, Shift and Enter begin a new line", async () => {
  const chat = await page();
  await chat.locator("#prompt").pressSequentially("one");
  await chat.locator("#prompt").press("Shift+Enter");
  await chat.locator("#prompt").pressSequentially("two");
  await chat.locator("#prompt").press("Enter");
  await says(chat, "You said one");
  assert.equal((await texts(chat))[0], "one\ntwo");
});

test("a stop in the middle keeps the words so far", async () => {
  const chat = await page();
  await send(chat, "say one two ‖ three");
  await says(chat, "one two");
  await chat.locator("#stop").click();
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two"]);
  assert.equal(only().history.at(-1).text.trim(), "one two");
  await chat.reload();
  await says(chat, "one two");
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two"]);
});

test("Escape stops as well", async () => {
  const chat = await page();
  await send(chat, "say one ‖ two");
  await says(chat, "one");
  await chat.keyboard.press("Escape");
  await rests(chat);
  assert.equal((await texts(chat))[1], "one");
});

test("a reload in the middle shows the same and goes on", async () => {
  const chat = await page();
  await send(chat, "say one two ‖ three");
  await says(chat, "one two");
  const before = await texts(chat);
  await chat.reload();
  await says(chat, "one two");
  assert.deepEqual(await texts(chat), before);
  await chat.locator("#stop").waitFor();
  await go();
  await says(chat, "one two three");
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two three"]);
});

test("a connection that is cut comes back without a gap or a repeat", async () => {
  const chat = await page();
  await send(chat, "say one ‖ two three ‖ four");
  await says(chat, "one");
  server.cut();
  await go();
  await says(chat, "one two three");
  server.cut();
  await go();
  await says(chat, "one two three four");
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one ‖ two three ‖ four", "one two three four"]);
});

test("a server that dies in the middle comes back with the same text, and the answer is given again", async () => {
  const chat = await page();
  await send(chat, "say one two ‖ three");
  await says(chat, "one two");
  const before = await texts(chat);
  const { port } = server;
  await server.kill();
  await chat.locator("#line").filter({ hasText: "Reconnecting" }).waitFor();
  assert.deepEqual(await texts(chat), before);
  gate = new Gate();
  server = await new Fake(disk, { script }).listen(port);
  await chat.locator(".notice.interrupted").waitFor();
  assert.deepEqual(await texts(chat), before);
  await chat.reload();
  await chat.locator(".notice.interrupted").waitFor();
  assert.deepEqual(await texts(chat), before);
  await chat.locator("#notice-do").click();
  await go();
  await says(chat, "one two three");
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one two ‖ three", "one two three"]);
  assert.equal(await chat.locator("#notice").isVisible(), false);
});

test("two tabs stay equal", async () => {
  const first = await page();
  const second = await page(first.url(), { context: first.context() });
  await send(first, "say one ‖ two");
  await says(second, "one");
  assert.deepEqual(await texts(second), await texts(first));
  await second.locator("#stop").waitFor();
  await go();
  await says(first, "one two");
  await rests(second);
  await send(second, "and three");
  await says(first, "You said and three");
  await rests(first);
  await rests(second);
  assert.deepEqual(await texts(second), await texts(first));
  assert.equal((await texts(first)).length, 4);
});

test("what failed is told, and tried again", async () => {
  const chat = await page();
  await send(chat, "say one two ¡three four");
  const notice = chat.locator(".notice.failed");
  await notice.waitFor();
  assert.match(await notice.innerText(), /the model is overloaded/);
  await chat.locator(".dropped:visible").filter({ hasText: "one two" }).waitFor();
  await chat.reload();
  await notice.waitFor();
  assert.match(await notice.innerText(), /the model is overloaded/);
  await chat.locator("#notice-do").click();
  await says(chat, "one two three four");
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one two ¡three four", "one two three four"]);
  assert.equal(await chat.locator(".dropped:visible").count(), 0);
});

test("after a failure a new prompt is as good", async () => {
  const chat = await page();
  await send(chat, "say one ¡two");
  await chat.locator(".notice.failed").waitFor();
  await send(chat, "never mind");
  await says(chat, "You said never mind");
  await rests(chat);
  assert.deepEqual(await texts(chat), ["say one ¡two", "never mind", "You said never mind"]);
});

test("words that a crash took back disappear, and those that replace them count", async () => {
  const chat = await page();
  await send(chat, "say one two three ‖ four");
  await says(chat, "one two three");
  const session = only();
  const { port } = server;
  await server.kill();
  session.lose(session.entries.findLast((entry) => entry.text === "two ").offset);
  gate = new Gate();
  server = await new Fake(disk, { script }).listen(port);
  await says(chat, /^one two$/);
  await chat.locator(".notice.interrupted").waitFor();
  await chat.locator("#notice-do").click();
  await go();
  await says(chat, /^one two three four$/);
  await rests(chat);
});

test("a crash that took back a commit leaves nothing of it", async () => {
  const chat = await page();
  await send(chat, "first");
  await says(chat, "You said first");
  await rests(chat);
  const kept = only().entries.length - 1;
  await send(chat, "second");
  await says(chat, "You said second");
  await rests(chat);
  const { port } = server;
  await server.kill();
  only().lose(kept);
  server = await new Fake(disk, { script }).listen(port);
  await chat.locator(".message", { hasText: "second" }).first().waitFor({ state: "detached" });
  assert.deepEqual(await texts(chat), ["first", "You said first"]);
});

test("a prompt that could not be sent is kept", async () => {
  const chat = await page();
  await send(chat, "hello");
  await says(chat, "You said hello");
  await rests(chat);
  const { port } = server;
  await server.kill();
  await send(chat, "are you there?");
  await chat.locator("#refused").filter({ hasText: "Not sent" }).waitFor();
  assert.equal(await chat.locator("#prompt").inputValue(), "are you there?");
  server = await new Fake(disk, { script }).listen(port);
  await chat.reload();
  await says(chat, "You said hello");
  assert.equal(await chat.locator("#prompt").inputValue(), "are you there?");
  await chat.locator("#prompt").press("Enter");
  await says(chat, "You said are you there?");
});

test("nothing that a user or a model writes becomes anything but text", async () => {
  const attack = [
    "<img src=x onerror=window.hacked=1>",
    "<script>window.hacked=1</script>",
    "[link](javascript:window.hacked=1)",
    "<svg/onload=window.hacked=1>",
    "![picture](https://evil.example/x.png)",
    "`<b onclick=window.hacked=1>`",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
  ].join(" ");
  const chat = await page();
  await send(chat, `say ${attack}`);
  await says(chat, "iframe");
  await rests(chat);
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

test("the path through the graph is shown as it is taken", async () => {
  const chat = await page();
  await send(chat, "write code ‖ please");
  const trail = chat.locator("#trail li .name");
  await trail.nth(3).waitFor();
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "choose mode", "write code"]);
  assert.equal(await chat.locator("#trail [aria-current=step] .name").innerText(), "write code");
  assert.deepEqual(await chat.locator("#map .now text").allTextContents(), ["write code"]);
  assert.equal(await chat.locator("#map .node").count(), 6);
  await go();
  await rests(chat);
  assert.equal(await chat.locator("#map .now").count(), 0);
  assert.equal(await chat.locator("#map .taken").count(), 3);
  await chat.reload();
  await trail.nth(3).waitFor();
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "choose mode", "write code"]);
  await send(chat, "bomb");
  await chat.locator("#trail li", { hasText: "refuse" }).waitFor();
  await rests(chat);
  assert.deepEqual(await trail.allInnerTexts(), ["prompt", "check safety", "refuse"]);
});

test("a new chat is another session, and the list leads back", async () => {
  const chat = await page(undefined, { viewport: { width: 1440, height: 800 } });
  await send(chat, "the first chat");
  await says(chat, "You said");
  await rests(chat);
  const first = chat.url();
  await chat.locator("#new").click();
  await chat.locator("#welcome").waitFor();
  assert.notEqual(chat.url(), first);
  assert.deepEqual(await texts(chat), []);
  await chat.locator("#recent a", { hasText: "the first chat" }).click();
  await says(chat, "You said the first chat");
  assert.equal(chat.url(), first);
});

test("a chat that was deleted says so", async () => {
  const chat = await page();
  await send(chat, "hello");
  await says(chat, "You said");
  await rests(chat);
  await fetch(new URL(`sessions/${only().id}`, server.url), { method: "DELETE" });
  await chat.locator(".notice.deleted").waitFor();
  assert.equal(await chat.locator("#prompt").isDisabled(), true);
});

test("a conversation that has ended can be opened again", async () => {
  const chat = await page();
  await send(chat, "farewell");
  await chat.locator(".notice.ended").waitFor();
  assert.equal(await chat.locator("#prompt").isDisabled(), true);
  await chat.locator("#notice-do").click();
  await chat.locator("#notice").waitFor({ state: "hidden" });
  await send(chat, "hello");
  await says(chat, "You said hello");
});

test("under a path and with a token from the address", async () => {
  await server.kill();
  server = await new Fake(disk, { script, base: "/a/b/", token: "secret" }).listen();
  const chat = await page(`${server.url}#/s/mine&token=secret`);
  await send(chat, "hello");
  await says(chat, "You said hello");
  assert.ok(chat.url().endsWith("#/s/mine"), chat.url());
  await chat.reload();
  await says(chat, "You said hello");
  const stranger = await page(`${server.url}#/s/mine`);
  await stranger.locator("#line", { hasText: "token" }).waitFor();
});

test("a screen reader hears that an answer comes, then the whole of it, and no word in between", async () => {
  const chat = await page();
  await listen(chat);
  assert.equal(await chat.locator("#log").getAttribute("aria-live"), "off");
  await send(chat, "say one ‖ two ‖ three");
  await says(chat, "one");
  await go();
  await go();
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
  const chat = await page();
  await send(chat, "hello");
  await hears(chat, "You said hello End of the answer.");
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

test("everything can be reached by keyboard", async () => {
  const chat = await page(undefined, { viewport: { width: 390, height: 800 } });
  await send(chat, "say ```\ncode\n```");
  await says(chat, "code");
  await rests(chat);
  await chat.locator("body").evaluate(() => document.activeElement.blur());
  const reached = new Set();
  for (let left = 0; left < 14; left += 1) {
    await chat.keyboard.press("Tab");
    reached.add(await chat.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.localName));
  }
  for (const part of ["skip", "open-chats", "open-path", "copy", "pre", "prompt"]) assert.ok(reached.has(part), `${part} in ${[...reached]}`);
  await chat.locator("#open-path").focus();
  await chat.keyboard.press("Enter");
  await chat.locator("#path-dialog[open] #map").waitFor();
  await chat.keyboard.press("Escape");
  await chat.locator("#path-dialog").waitFor({ state: "hidden" });
  assert.equal(await chat.evaluate(() => document.activeElement.id), "open-path");
});

test("on a phone nothing is wider than the window", async () => {
  const chat = await page(undefined, { viewport: { width: 320, height: 640 } });
  await send(chat, `say ${"wide".repeat(60)} \`${"code".repeat(60)}\`\n\n\`\`\`\n${"block ".repeat(60)}\n\`\`\`\n\n| a | b |\n|---|---|\n| ${"cell".repeat(40)} | x |`);
  await says(chat, "cell");
  await rests(chat);
  const { wide, window } = await chat.evaluate(() => ({ wide: document.querySelector("#scroll").scrollWidth, window: document.querySelector("#scroll").clientWidth }));
  assert.ok(wide <= window, `${wide} in ${window}`);
  assert.ok(await chat.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

test("a reader who scrolled up is not taken along", async () => {
  const chat = await page(undefined, { viewport: { width: 800, height: 400 } });
  await send(chat, `say ${"line\n\n".repeat(40)} end ‖ more\n\nand more`);
  await says(chat, "end");
  const top = () => chat.locator("#scroll").evaluate((part) => part.scrollTop);
  assert.ok((await top()) > 100);
  await chat.locator("#scroll").evaluate((part) => part.scrollTo(0, 50));
  await chat.locator("#latest").waitFor();
  await go();
  await says(chat, "and more");
  assert.equal(await top(), 50);
  await chat.locator("#latest").click();
  await chat.locator("#latest").waitFor({ state: "hidden" });
});
