// Checks that every regular expression of the page matches any text in linear time.
//
// `recheck` analyzes the automaton of an expression, or runs a fuzzer that counts the steps of a backtracking
// matcher. It does not measure time, so the result does not depend on the machine.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "acorn";
import { PAGE } from "../fake/server.js";

process.env.RECHECK_BACKEND = "pure"; // without a separate process
const { checkSync } = await import("recheck");

/** No time limits, which would make the result depend on the machine. */
const LIMITS = { timeout: null, attackTimeout: null, incubationTimeout: null, seedingTimeout: null };

/** Returns the regular expressions in a module with their lines. */
function patterns(source) {
  const found = [];
  const visit = (node) => {
    if (node === null || typeof node !== "object") return;
    if (node.type === "Literal" && node.regex) found.push({ ...node.regex, line: node.loc.start.line });
    const callee = node.type === "NewExpression" || node.type === "CallExpression" ? node.callee.name : "";
    if (callee === "RegExp") found.push({ line: node.loc.start.line, dynamic: true });
    for (const child of Object.values(node)) visit(child);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module", locations: true }));
  return found;
}

test("every regular expression of the page is linear", async () => {
  let count = 0;
  for (const file of (await readdir(PAGE)).filter((file) => file.endsWith(".js"))) {
    for (const { pattern, flags, line, dynamic } of patterns(await readFile(new URL(file, PAGE), "utf8"))) {
      const where = `${file}:${line}`;
      assert.ok(!dynamic, `${where}: a pattern created at run time cannot be checked`);
      const { status, complexity, attack } = checkSync(pattern, flags, LIMITS);
      assert.equal(status, "safe", `${where}: /${pattern}/${flags} is ${complexity?.summary}: ${attack?.pattern}`);
      count += 1;
    }
  }
  assert.ok(count > 10, `${count} patterns`);
});

test("a pattern that backtracks is found", () => {
  const dividers = "^ {0,3}\\|?[ \\t]*:?-+:?[ \\t]*(\\|[ \\t]*:?-+:?[ \\t]*)*\\|?[ \\t]*$";
  assert.equal(checkSync(dividers, "", LIMITS).status, "vulnerable");
});
