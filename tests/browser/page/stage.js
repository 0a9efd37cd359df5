// Fixture for tests of the page: a browser, a fake server, and answers controlled by the test.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach } from "node:test";
import { Disk } from "../fake/disk.js";
import { Fake } from "../fake/server.js";
import { launch, open } from "./chromium.js";

/** Starts a server for each test of a file, and checks its pages for errors after the test. */
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
      const errors = this.#opened.flatMap((page) => page.errors);
      await Promise.all(this.#opened.splice(0).map((page) => page.context().close()));
      await this.server.kill();
      assert.deepEqual(errors, []);
    });
  }

  /** Creates a server on the disk of this test. */
  serve(options) {
    return new Fake(this.disk, { script: (...call) => this.#script(...call), ...options });
  }

  /** Starts another server on the same port with only the data on the disk. */
  async restart() {
    this.#gate = new Gate();
    this.server = await this.serve().listen(this.server.port);
  }

  async page(url = this.server.url, options) {
    const page = await open(this.#browser, url, options);
    this.#opened.push(page);
    return page;
  }

  /** Releases an answer that waits at a `‖`. */
  openGate() {
    return this.#gate.open();
  }

  /** The only session. */
  get only() {
    return [...this.disk.sessions.values()][0];
  }

  /** Yields words one by one. Waits at `‖` until the test opens the gate, and fails at the first `¡`. */
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

/** A gate at which answers wait for the test. */
class Gate {
  #waiting = [];
  #onArrival = () => {};

  arrive() {
    return new Promise((resume) => {
      this.#waiting.push(resume);
      this.#onArrival();
    });
  }

  /** Releases one answer, once it has arrived. */
  async open() {
    if (this.#waiting.length === 0) await new Promise((arrived) => (this.#onArrival = arrived));
    this.#waiting.shift()();
  }
}
