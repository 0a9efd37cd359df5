import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Starts the example `chatbot` of this repository with its own port and database. */
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

/** Returns the path of the binary: `BURDOCK_CHATBOT`, or one built by cargo. */
async function binary() {
  if (process.env.BURDOCK_CHATBOT) return process.env.BURDOCK_CHATBOT;
  const build = spawn("cargo", ["build", "--quiet", "-p", "chatbot"], { cwd: root, stdio: "inherit" });
  const [code] = await once(build, "exit");
  if (code !== 0) throw new Error(`cargo build exited with ${code}`);
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

  /** Starts the server on its existing database, and waits until it responds. */
  async start() {
    const args = ["--db", this.#db, "--port", String(this.#port)];
    const server = spawn(this.#program, args, { stdio: ["ignore", "ignore", "inherit"] });
    this.#process = server;
    while (server.exitCode === null && server.signalCode === null) {
      if (await fetch(`${this.base}/health`).then(({ ok }) => ok, () => false)) return;
      await setTimeout(20);
    }
    throw new Error(`the chatbot exited with ${server.signalCode ?? server.exitCode}`);
  }

  /** Kills the server with SIGKILL. */
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
