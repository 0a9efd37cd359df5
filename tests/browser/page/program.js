// An example server process with a database that survives restarts.

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

/** Returns the binary of an example: that of `BURDOCK_CHATBOT` for `chatbot`, or one built by cargo. */
export async function binary(name) {
  const built = process.env[`BURDOCK_${name.toUpperCase()}`];
  if (built) return built;
  await promisify(execFile)("cargo", ["build", "--quiet", "-p", name], { cwd: ROOT });
  const path = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug", name);
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  return path;
}

export class Program {
  /** Allocates a free port and a new folder. */
  static async allocate(path) {
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

  /** Starts the process and waits until it responds. */
  async start(...args) {
    const all = ["--db", join(this.folder, "db"), "--port", String(this.port), ...args];
    const env = { PATH: process.env.PATH, RUST_BACKTRACE: "1" };
    this.process = spawn(this.path, all, { env, stdio: ["ignore", "pipe", "inherit"] });
    this.ended = once(this.process, "exit");
    const lines = createInterface({ input: this.process.stdout });
    for await (const line of lines) if (line === this.url) break;
    // the URL is printed before the server listens
    for (;;) {
      try {
        await fetch(new URL("health", this.url));
        return this;
      } catch {
        if (this.process.exitCode !== null) throw new Error(`${this.path} exited with ${this.process.exitCode}`);
        await new Promise(setImmediate);
      }
    }
  }

  /** Kills the process with SIGKILL. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.ended;
  }

  /** Interrupts the process like Ctrl-C; returns its exit code. */
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
