import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The example `chatbot` of this repository, on a port and a file of its own. */
export async function chatbot(t) {
  const program = await binary();
  const folder = await mkdtemp(join(tmpdir(), "burdock-chatbot-"));
  const server = new Chatbot(program, join(folder, "db"), await freePort());
  t.after(async () => {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await server.start();
  return server;
}

/** The binary: `BURDOCK_CHATBOT`, or one that cargo builds. */
async function binary() {
  if (process.env.BURDOCK_CHATBOT) return process.env.BURDOCK_CHATBOT;
  const build = spawn("cargo", ["build", "--quiet", "-p", "chatbot"], { cwd: root, stdio: "inherit" });
  const [code] = await once(build, "exit");
  if (code !== 0) throw new Error(`cargo build ended with ${code}`);
  return join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "chatbot");
}

class Chatbot {
  #program;
  #db;
  #port;
  #process;

  constructor(program, db, port) {
    this.#program = program;
    this.#db = db;
    this.#port = port;
    this.base = `http://127.0.0.1:${port}`;
  }

  /** Starts it, on what it has written before, and waits until it answers. */
  async start() {
    const args = ["--db", this.#db, "--port", String(this.#port)];
    const server = spawn(this.#program, args, { stdio: ["ignore", "ignore", "inherit"] });
    this.#process = server;
    while (server.exitCode === null && server.signalCode === null) {
      if (await fetch(`${this.base}/health`).then(({ ok }) => ok, () => false)) return;
      await setTimeout(20);
    }
    throw new Error(`the chatbot ended with ${server.signalCode ?? server.exitCode}`);
  }

  /** Kills it in the middle of whatever it does, as `kill -9` does. */
  async kill() {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await ended;
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
