// Every regular expression of the page matches in linear time, on every text.
//
// `recheck` decides this from the expression: it analyses its automaton, or runs a fuzzer that counts the
// steps of a backtracking matcher on the texts that it generates. It does not measure time, so that the
// result does not depend on the machine.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "acorn";
import { PAGE } from "../fake/server.js";

process.env.RECHECK_BACKEND = "pure"; // without a process of its own
const { checkSync } = await import("recheck");

/** Without time limits, whose result would depend on the machine. */
const LIMITS = { timeout: null, attackTimeout: null, incubationTimeout: null, seedingTimeout: null };

/** The regular expressions in a module, with the line of each. */
function patterns(source) {
  const found = [];
  const visit = (node) => {
    if (node === null || typeof node !== "object") return;
    if (node.type === "Literal" && node.regex) found.push({ ...node.regex, line: node.loc.start.line });
    const callee = node.type === "NewExpression" || node.type === "CallExpression" ? node.callee.name : "";
    if (callee === "RegExp") found.push({ line: node.loc.start.line, made: true });
    for (const child of Object.values(node)) visit(child);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module", locations: true }));
  return found;
}

test("every regular expression of the page is linear", async () => {
  let count = 0;
  for (const file of (await readdir(PAGE)).filter((file) => file.endsWith(".js"))) {
    for (const { pattern, flags, line, made } of patterns(await readFile(new URL(file, PAGE), "utf8"))) {
      const where = `${file}:${line}`;
      assert.ok(!made, `${where}: a pattern that is made at run time cannot be checked`);
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
