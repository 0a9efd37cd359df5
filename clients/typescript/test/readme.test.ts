import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";

// The compiled test is in build/test.
const root = new URL("../../", import.meta.url);
const folder = new URL("build/readme/", root);

test("every example of the README compiles", async () => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const blocks = [...readme.matchAll(/^```(tsx?)\n([^]*?)^```$/gm)];
  assert(blocks.length >= 9);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [index, [, kind, code]] of blocks.entries()) {
    await writeFile(new URL(`${index}.${kind}`, folder), kind === "tsx" ? code! : whole(code!));
  }
  const { compilerOptions } = JSON.parse(await readFile(new URL("tsconfig.json", root), "utf8"));
  const options = { ...compilerOptions, noEmit: true, noUnusedLocals: false, rootDir: "../.." };
  const config = { compilerOptions: options, include: ["*"] };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify(config));
  const tsc = new URL("node_modules/typescript/bin/tsc", root).pathname;
  const check = promisify(execFile)(process.execPath, [tsc, "-p", folder.pathname]);
  await check.catch((error: { stdout: string }) => assert.fail(error.stdout));
});

/** Wraps a block; blocks may use the constants of the first one. */
function whole(code: string): string {
  const imports = code.match(/^import .*$/gm) ?? [];
  const body = code.replace(/^import .*\n/gm, "").replace(/^export /gm, "");
  const declarations = code.includes("const burdock") ? "" : DECLARATIONS;
  return `${imports.join("\n")}\n${declarations}\n{\n${body}}\nexport {};\n`;
}

const DECLARATIONS = `declare const burdock: import("@burdock/client").Burdock;
declare const session: import("@burdock/client").Session;`;
