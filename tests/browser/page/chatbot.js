// The example `chatbot` as its users start it, on a file that outlives it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** The binary: `BURDOCK_CHATBOT`, or one that cargo builds. */
export async function binary() {
  if (process.env.BURDOCK_CHATBOT) return process.env.BURDOCK_CHATBOT;
  await promisify(execFile)("cargo", ["build", "--quiet", "-p", "chatbot"], { cwd: ROOT });
  const path = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", "chatbot");
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return path;
}

export class Chatbot {
  /** A place of its own: a port that nobody has, and a new file. */
  static async place(path) {
    const folder = await mkdtemp(join(tmpdir(), "burdock-chatbot-"));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return new Chatbot(path, folder, port);
  }

  constructor(path, folder, port) {
    Object.assign(this, { path, folder, port, url: `http://127.0.0.1:${port}/` });
  }

  /** Starts it and waits until it answers. */
  async start(...args) {
    const all = ["--db", join(this.folder, "chatbot.db"), "--port", String(this.port), ...args];
    const env = { PATH: process.env.PATH, RUST_BACKTRACE: "1" };
    this.process = spawn(this.path, all, { env, stdio: ["ignore", "pipe", "inherit"] });
    this.ended = once(this.process, "exit");
    const lines = createInterface({ input: this.process.stdout });
    for await (const line of lines) if (line === this.url) break;
    // it prints where it is going to listen
    for (;;) {
      try {
        await fetch(new URL("health", this.url));
        return this;
      } catch {
        if (this.process.exitCode !== null) throw new Error(`chatbot ended with ${this.process.exitCode}`);
        await new Promise(setImmediate);
      }
    }
  }

  /** Kills it, as `kill -9` does. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  /** Ends it, as Ctrl-C does; returns its exit code. */
  async interrupt() {
    this.process.kill("SIGINT");
    const [code] = await this.ended;
    return code;
  }

  async remove() {
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.kill();
    await rm(this.folder, { recursive: true });
  }

  /** What the log has of a chat: the committed messages, and the words that count behind them. */
  async log(session) {
    const at = (path) => new URL(`sessions/${session}/${path}`, this.url);
    const { cursor, messages, running, position } = await (await fetch(at("chat"))).json();
    const abort = new AbortController();
    const words = [];
    const response = await fetch(at(`chat/events?from=${cursor}`), { signal: abort.signal });
    const quiet = () => setTimeout(() => abort.abort(), 300);
    let timer = quiet();
    try {
      let rest = "";
      for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(timer);
        timer = quiet();
        const blocks = (rest + bytes).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const event = JSON.parse(/^data: (.*)$/m.exec(block)[1]);
          if (event.type === "item") words.push(event.text);
          if (event.type === "items_superseded") words.splice(-event.items);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      clearTimeout(timer);
    }
    const loose = words.join("");
    const texts = messages.map(({ text }) => text);
    return { texts: loose ? [...texts, loose] : texts, running, position };
  }
}
