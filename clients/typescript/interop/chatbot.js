import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The example `chatbot` of this repository, on a port and a file of its own; returns its address. */
export async function chatbot(t) {
  const folder = await mkdtemp(join(tmpdir(), "burdock-chatbot-"));
  const build = spawn("cargo", ["build", "--quiet", "-p", "chatbot"], { cwd: root, stdio: "inherit" });
  const [code] = await once(build, "exit");
  if (code !== 0) throw new Error(`cargo build ended with ${code}`);
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const port = await freePort();
  const server = spawn(
    join(target, "debug/chatbot"),
    ["--db", join(folder, "db"), "--port", String(port)],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const died = (code, signal) => console.error(`the chatbot ended with ${signal ?? code}`);
  server.on("exit", died);
  t.after(async () => {
    server.off("exit", died).kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });
  const base = `http://127.0.0.1:${port}`;
  while (server.exitCode === null) {
    if (await fetch(`${base}/health`).then(({ ok }) => ok, () => false)) return base;
    await setTimeout(20);
  }
  throw new Error(`the chatbot ended with ${server.exitCode}`);
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
