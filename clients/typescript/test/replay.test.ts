import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { Grown, grow, type Change } from "../src/index.ts";

/** Values built in Rust: each change, and the value after it. */
type Growths = { type: string; steps: [Change, unknown][] }[];

// The compiled test is in build/test.
const root = new URL("../../", import.meta.url);
const folder = new URL("build/growth/", root);
const growths: Growths = JSON.parse(await readFile(new URL("test/fixtures/growth.json", root), "utf8"));

test("changes have the same results as in Rust", () => {
  assert(growths.length >= 20);
  for (const { type, steps } of growths) {
    const grown = new Grown();
    const unread = new Grown();
    let value: unknown;
    for (const [index, [change, after]] of steps.entries()) {
      grown.apply(change);
      unread.apply(change);
      value = grow(value, change);
      assert.deepEqual(grown.value, after, `${type}, change ${index}`);
      assert.deepEqual(value, after, `${type}, change ${index}`);
      assert.equal(grown.complete, index === steps.length - 1);
    }
    assert.deepEqual(unread.value, steps.at(-1)![1]);
  }
});

test("values have their partial types after each change", async () => {
  const types = [...new Set(growths.map(({ type }) => type))];
  const values = types.map((type) => {
    const steps = growths.filter((growth) => growth.type === type).flatMap((growth) => growth.steps);
    const texts = new Set(steps.map(([, value]) => JSON.stringify(value)));
    return [...texts].map((text) => `(${text}) satisfies ${type};\n`).join("");
  });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const module = `import type { ${types.join(", ")} } from "../../test/fixtures/forms.ts";\n\n${values.join("")}`;
  await writeFile(new URL("values.ts", folder), module);
  const { compilerOptions } = JSON.parse(await readFile(new URL("tsconfig.json", root), "utf8"));
  const options = { ...compilerOptions, noEmit: true, rootDir: "../.." };
  await writeFile(new URL("tsconfig.json", folder), JSON.stringify({ compilerOptions: options, include: ["*"] }));
  const tsc = new URL("node_modules/typescript/bin/tsc", root).pathname;
  const check = promisify(execFile)(process.execPath, [tsc, "-p", folder.pathname]);
  await check.catch((error: { stdout: string }) => assert.fail(error.stdout.slice(0, 4000)));
});
