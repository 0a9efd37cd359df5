// Frame times with long answers, long chats and pathological texts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Disk } from "../fake/disk.js";
import { Fake } from "../fake/server.js";
import { generator } from "../unit/random.js";
import { launch, open, send } from "./chromium.js";
import { assertShortTasks } from "./frames.js";

const MB = 1_000_000;
const SENTENCE = "The quick **brown** fox jumps over the `lazy` dog, and *then* it names [its den](https://a.example/). ";
const PROSE = `${SENTENCE.repeat(6)}\n\n- one item of it\n- another one\n\n\`\`\`rust\nfn main() {\n    println!("hello");\n}\n\`\`\`\n\n`;

/** Answers of 5 MB. */
const ANSWERS = {
  prose: PROSE.repeat(Math.ceil((5 * MB) / PROSE.length)),
  "one line": "word ".repeat(MB),
  "one word": "x".repeat(5 * MB),
  "one block of code": `\`\`\`\n${"let x = y + 1; // and a comment\n".repeat((5 * MB) / 32)}`,
  "one list": "- item of the list\n".repeat((5 * MB) / 19),
};

let browser;
let server;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Opens a page on a server whose session `x` has these messages and which answers with `answer`. */
async function visit(context, { messages, answer = "" }) {
  const disk = new Disk();
  if (messages) {
    const session = disk.open("x");
    session.append("session_created", { history: [] });
    session.append("run_started", { run: 1, node: "prompt", prompt: "hi" });
    session.append("step_committed", { step: 0, node: "answer", attempt: 1, next: { pause: "prompt" }, history: messages });
    session.append("run_paused", { node: "prompt" });
  }
  server = await new Fake(disk, { script: () => pieces(answer) }).listen();
  const page = await open(browser, `${server.url}#/s/${messages ? "empty" : "x"}`);
  const mine = server;
  context.after(async () => {
    await page.context().close();
    await mine.kill();
  });
  await page.locator("#map svg").waitFor();
  return page;
}

/** Yields an answer in pieces without delays, as fast as the server writes and the page reads. */
async function* pieces(text) {
  for (let at = 0; at < text.length; at += 2_000) {
    yield text.slice(at, at + 2_000);
    if (at % 20_000 === 0) await new Promise(setImmediate);
  }
}

/** Waits until everything is drawn. Playwright's locators would inspect every element of the page. */
const drawn = (page, length) =>
  page.waitForFunction(
    (length) => {
      const log = document.querySelector("#log");
      const last = log.lastChild?.lastChild?.querySelector(".body");
      return document.querySelector("#stop").hidden && log.getAttribute("aria-busy") === "false" && last?.childNodes.length >= length;
    },
    length,
    { timeout: 100_000, polling: 200 },
  );

const text = (page) => page.evaluate(() => document.querySelector("#log").lastChild.lastChild.querySelector(".body").textContent);
const go = (page) => page.evaluate(() => (location.hash = "#/s/x"));
const letters = (text) => text.replace(/[^a-z]/g, "").length;

for (const [name, answer] of Object.entries(ANSWERS)) {
  test(`loading an answer of 5 MB (${name}) has no long task`, async (context) => {
    const messages = [{ role: "user", text: "hi" }, { role: "assistant", text: answer }];
    const act = async (page) => {
      await go(page);
      await drawn(page, 2);
    };
    let page;
    await assertShortTasks(browser, async () => ({ page: (page = await visit(context, { messages })), act }));
    assert.ok(letters(await text(page)) > 0.7 * letters(answer));
  });

  test(`streaming an answer of 5 MB (${name}) has no long task`, async (context) => {
    const act = async (page) => {
      await send(page, "go");
      await drawn(page, 2);
    };
    let page;
    await assertShortTasks(browser, async () => ({ page: (page = await visit(context, { answer })), act }));
    assert.ok(letters(await text(page)) > 0.7 * letters(answer));
  });
}

test("loading, scrolling and answering in a chat of 5 000 messages has no long task", async (context) => {
  const messages = Array.from({ length: 5_000 }, (_, index) => (index % 2 ? { role: "assistant", text: PROSE } : { role: "user", text: `prompt ${index}` }));
  const act = async (page) => {
    await go(page);
    await drawn(page, 1);
    await page.evaluate(async () => {
      const [scroll, older] = ["#scroll", "#older"].map((name) => document.querySelector(name));
      while (!older.hidden) {
        scroll.scrollTop = 0;
        await new Promise(requestAnimationFrame);
      }
    });
    await drawn(page, 1);
    assert.equal(await page.evaluate(() => document.querySelectorAll(".message").length), 5_000);
    assert.equal(await page.evaluate(() => document.querySelector(".message .body").textContent), "prompt 0");
    await page.evaluate(() => {
      const prompt = document.querySelector("#prompt");
      prompt.value = "go";
      prompt.dispatchEvent(new Event("input"));
      document.querySelector("#form").requestSubmit();
    });
    await page.waitForFunction(() => document.querySelectorAll(".message").length === 5_002, null, { polling: 200 });
    await drawn(page, 1);
  };
  await assertShortTasks(browser, async () => ({ page: await visit(context, { messages, answer: PROSE.repeat(50) }), act }));
});

test("showing a prompt of a megabyte has no long task", async (context) => {
  const messages = ["word ".repeat(200_000), "x".repeat(MB), "line\n".repeat(200_000)].map((text) => ({ role: "user", text }));
  const act = async (page) => {
    await go(page);
    await drawn(page, 2);
  };
  await assertShortTasks(browser, async () => ({ page: await visit(context, { messages }), act }));
});

test("drawing pathological texts has no long task", async (context) => {
  const marks = ["*", "_", "**a ", "`", "` `` ", "[", "![", "[a](", "](", "<https://", "https://a.b/(", ")", "\\", "~~", "> ", "- ", "1. ", "  ", " ", "\t", "# ", "#", "|", "|-", ":-", "\n", "\n\n", "a", "word ", "ä😀", "\u05d0", "\r", "~~~", "```\n"];
  const { below, pick } = generator(Number(process.env.BURDOCK_SEED ?? 1));
  const sample = (most) => Array.from({ length: 1 + below(most) }, () => pick(marks)).join("");
  // a start, many repetitions, and an end: this makes parsers backtrack
  const generated = Array.from({ length: 12 }, () => {
    const repeated = sample(3);
    return sample(3) + repeated.repeat(Math.ceil(100_000 / repeated.length)) + sample(2);
  });
  const texts = [" ".repeat(100_000), `|a|\n|${" ".repeat(100_000)}x`, `[a](${" ".repeat(100_000)}x`, "> ".repeat(50_000), ...generated];
  const act = async (page) => {
    for (const text of texts) {
      await page.evaluate(async (text) => {
        const { Message } = await import("./assets/message.js");
        const { Painter } = await import("./assets/painter.js");
        const log = document.querySelector("#log");
        const painter = new Painter((change) => change(), () => {});
        const message = new Message(document, "assistant");
        log.replaceChildren(message.element);
        message.show({ role: "assistant", text, live: true, dropped: "" }, painter);
        painter.draw();
        while (painter.busy) await new Promise(requestAnimationFrame);
      }, text);
    }
  };
  await assertShortTasks(browser, async () => ({ page: await visit(context, {}), act }));
});

/** Results of calls: `[text, selector of what is shown of it]`. */
const RESULTS = {
  "1 MB of text": "word ".repeat(MB / 5),
  "an object of 10 000 fields": JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field ${index}`, index]))),
  "a list of 200 lists": JSON.stringify(Array.from({ length: 200 }, () => Array.from({ length: 200 }, (_, index) => index))),
  "lists in 1 500 lists": "[".repeat(1_500) + "]".repeat(1_500),
};

for (const [name, result] of Object.entries(RESULTS)) {
  test(`opening calls with a result of ${name} has no long task`, async (context) => {
    const rows = Array.from({ length: 500 }, (_, index) => ({ row: index, text: "x".repeat(20) }));
    const call = (id) => ({ id: `${id}`, name: "find", arguments: { rows }, result: { status: "succeeded", text: result } });
    const messages = [
      { role: "user", text: "hi" },
      { role: "assistant", text: "", values: [{ name: "plan", value: rows }], calls: [call(1), call(2)] },
    ];
    const act = async (page) => {
      await go(page);
      await page.locator(".call").nth(1).waitFor();
      await page.locator(".call summary").first().click();
      await page.locator(".call[open] section", { hasText: "Result" }).waitFor();
    };
    let page;
    await assertShortTasks(browser, async () => ({ page: (page = await visit(context, { messages })), act }));
    if (name.startsWith("lists in")) return;
    // the rest is shown on request
    const elements = () => page.locator(".call[open] section", { hasText: "Result" }).locator(".value").evaluate((value) => value.textContent.length);
    const before = await elements();
    await page.locator(".call[open] section", { hasText: "Result" }).locator(".more").click();
    assert.ok((await elements()) > before);
    assert.deepEqual(page.errors, []);
  });
}
