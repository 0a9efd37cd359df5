// An example that serves, as its users start it, on a file that outlives it.

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

/** The binary of an example: that of `BURDOCK_CHATBOT` for `chatbot`, or one that cargo builds. */
export async function binary(name) {
  const built = process.env[`BURDOCK_${name.toUpperCase()}`];
  if (built) return built;
  await promisify(execFile)("cargo", ["build", "--quiet", "-p", name], { cwd: ROOT });
  const path = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", name);
  if (!existsSync(path)) throw new Error(`there is no ${path}`);
  return path;
}

export class Program {
  /** A place of its own: a port that nobody has, and a new file. */
  static async place(path) {
    const folder = await mkdtemp(join(tmpdir(), "burdock-"));
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return new this(path, folder, port);
  }

  constructor(path, folder, port) {
    Object.assign(this, { path, folder, port, url: `http://127.0.0.1:${port}/` });
  }

  /** Starts it and waits until it answers. */
  async start(...args) {
    const all = ["--db", join(this.folder, "db"), "--port", String(this.port), ...args];
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
        if (this.process.exitCode !== null) throw new Error(`${this.path} ended with ${this.process.exitCode}`);
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
}
