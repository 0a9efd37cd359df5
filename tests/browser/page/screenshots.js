// Screenshots of the page in both color schemes, in a wide window and on a phone.

import { mkdir } from "node:fs/promises";
import { Disk } from "../fake/disk.js";
import { Fake } from "../fake/server.js";
import { launch, open, untilIdle, untilAnswer, send } from "./chromium.js";

const OUT = new URL("../screenshots/", import.meta.url).pathname;
const LONG = `A **finite state machine** is a model with a fixed set of states and rules for moving between them. Three things make one useful:

1. *States* name what is happening, such as \`idle\` or \`waiting\`.
2. *Transitions* say what may follow what.
3. *Actions* do the work on the way.

### In Rust

An enum and a \`match\` go a long way, because the compiler checks that nothing is missing:

\`\`\`rust
enum Light { Red, Green, Yellow }

impl Light {
    fn next(self) -> Self {
        match self {
            Light::Red => Light::Green,
            Light::Green => Light::Yellow,
            Light::Yellow => Light::Red,
        }
    }
}
\`\`\`

| state | meaning | seconds |
|---|---|---:|
| Red | stop | 30 |
| Green | go | 25 |

> The hard part is rarely the machine. It is knowing which states there are.

See [the book](https://doc.rust-lang.org/book/) for more about enums, or ask me to continue.`;

async function* script(prompt, ctl) {
  if (prompt.startsWith("Write")) {
    for (const word of "Sure. Here is a **small function** that answers with `Fizz`, `Buzz` or the number itself, and a loop around it".split(/(?<= )/)) yield word;
    if (!ctl.stopped) await ctl.wait(new Promise(() => {}));
  } else if (prompt.includes("fail")) {
    yield "The weather tomorrow ";
    throw new Error("the model is overloaded (529), try again later");
  } else for (const word of LONG.split(/(?<= )/)) yield word;
}

await mkdir(OUT, { recursive: true });
const disk = new Disk();
const history = Array.from({ length: 200 }, (_, index) => ({ role: index % 2 ? "assistant" : "user", text: index % 2 ? `Answer ${index}. ${LONG}` : `Question ${index}?` }));
disk.open("long").append("session_created", { history });
const server = await new Fake(disk, { script }).listen();
const browser = await launch();
for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of [["wide", { width: 1440, height: 900 }], ["phone", { width: 360, height: 740 }]]) {
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: name === "phone" ? 2 : 1, hasTouch: name === "phone" });
    const page = await open(browser, server.url, { context });
    const shoot = (what) => page.screenshot({ animations: "disabled", path: `${OUT}${colorScheme}-${name}-${what}.png` });
    await page.locator("#welcome").waitFor();
    await page.locator("#map svg").waitFor({ state: "attached" });
    await shoot("1-welcome");
    await send(page, "What is a finite state machine, and how would I write one in Rust?");
    await untilAnswer(page, "ask me to continue");
    await untilIdle(page);
    await shoot("2-answer");
    await page.locator("#scroll").evaluate((part) => (part.scrollTop = 0));
    await shoot("3-top");
    await send(page, "Write fizzbuzz, please.");
    await untilAnswer(page, "a loop around it");
    await shoot("4-running");
    if (name === "phone") {
      await page.locator("#open-path").click();
      await shoot("5-path");
      await page.locator("#path-dialog .close").click();
      await page.locator("#open-chats").click();
      await shoot("6-chats");
      await page.locator("#chats-dialog .close").click();
    }
    await page.locator("#stop").click();
    await untilIdle(page);
    await send(page, "Will this fail?");
    await page.locator(".notice.failed").waitFor();
    await shoot("7-failed");
    if (name === "phone") await page.locator("#open-chats").click();
    await page.locator("#recent li").first().hover();
    await page.locator("#recent .remove").first().click();
    await page.locator("#delete").waitFor();
    await shoot("9-delete");
    await page.locator("#delete-no").click();
    if (name === "phone") await page.locator("#chats-dialog .close").click();
    await page.goto(`${server.url}#/s/long`);
    await page.locator(".message", { hasText: "199" }).waitFor();
    await shoot("10-long");
    // older messages that cannot be loaded
    await page.route("**/chat?*before*", (route) => route.abort());
    await page.locator("#scroll").evaluate((part) => (part.scrollTop = 0));
    await page.locator("#error", { hasText: "older" }).waitFor();
    await shoot("11-older");
    await page.goBack();
    await page.locator(".notice.failed").waitFor();
    await context.setOffline(true);
    server.cut();
    await page.locator("#line", { hasText: "Reconnecting" }).waitFor();
    await send(page, "Is anyone there?");
    await page.locator("#error", { hasText: "Not sent" }).waitFor();
    await shoot("8-lost");
    if (page.errors.length) console.error(page.errors);
    await context.close();
  }
}
await browser.close();
await server.kill();
