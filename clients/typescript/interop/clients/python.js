import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("..", import.meta.url));
const python = `${folder}.venv/bin/python`;

/** Creates a virtual environment with the packages in `requirements.txt`, once. */
export async function prepare() {
  const wanted = await readFile(`${folder}requirements.txt`, "utf8");
  const ready = `${folder}.venv/ready`;
  if ((await readFile(ready, "utf8").catch(() => "")) === wanted) return;
  await run("python3", ["-m", "venv", `${folder}.venv`]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  await run(python, [...pip, "-r", `${folder}requirements.txt`]);
  await writeFile(ready, wanted);
}

/** Follows with httpx-sse, which leaves reconnecting to its caller. */
export async function httpxSse(url) {
  const { stdout } = await run(python, [`${folder}clients/follow.py`, url], { maxBuffer: 1 << 26 });
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** Throws if openapi-spec-validator rejects the document. */
export async function validOpenApi(document) {
  const validation = run(python, ["-m", "openapi_spec_validator", "-"]);
  validation.child.stdin.end(document);
  await validation;
}
