// What every test of the page on the fake server has: a browser, a server, and answers that wait.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { Disk } from "../fake/disk.js";
import { Fake } from "../fake/server.js";
import { launch, open } from "./chromium.js";

/** A server of its own for each test of a file, and pages that are looked at when it is over. */
export class Stage {
  #browser;
  #opened = [];
  #gate;
  #attempts;

  constructor() {
    before(async () => (this.#browser = await launch()));
    after(() => this.#browser.close());
    beforeEach(async () => {
      this.#gate = new Gate();
      this.#attempts = new Map();
      this.disk = new Disk();
      this.server = await this.serve().listen();
    });
    afterEach(async () => {
      const wrong = this.#opened.flatMap((page) => page.wrong);
      await Promise.all(this.#opened.splice(0).map((page) => page.context().close()));
      await this.server.kill();
      assert.deepEqual(wrong, []);
    });
  }

  /** A server on the disk of this test. */
  serve(options) {
    return new Fake(this.disk, { script: (...call) => this.#script(...call), ...options });
  }

  /** Another process on the same port, which knows only what the disk has. */
  async restart() {
    this.#gate = new Gate();
    this.server = await this.serve().listen(this.server.port);
  }

  async page(url = this.server.url, options) {
    const page = await open(this.#browser, url, options);
    this.#opened.push(page);
    return page;
  }

  /** Lets an answer that waits at a `‖` go on. */
  go() {
    return this.#gate.open();
  }

  /** The session, where there is one. */
  get only() {
    return [...this.disk.sessions.values()][0];
  }

  /** Words one by one; at `‖` waits until the test opens the gate; at `¡` fails the first time. */
  async *#script(prompt, ctl) {
    const answer = prompt.startsWith("say ") ? prompt.slice(4) : `You said ${prompt}`;
    const attempt = (this.#attempts.get(prompt) ?? 0) + 1;
    this.#attempts.set(prompt, attempt);
    for (const word of answer.split(" ")) {
      if (word.startsWith("¡") && attempt === 1) throw new Error("the model is overloaded");
      if (word === "‖") await ctl.wait(this.#gate.arrive());
      else yield `${word.replace("¡", "")} `;
      if (ctl.stopped) return;
    }
  }
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
