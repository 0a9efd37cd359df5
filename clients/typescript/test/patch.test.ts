import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPatches } from "../src/index.ts";

interface State {
  name?: string;
  words: string[];
  stock?: Record<string, number>;
}

test("patches do not modify the old state", () => {
  const before: State = { words: ["a", "b", "c"] };
  const after = applyPatches(before, { name: { set: "x" }, words: { append: { keep: 1, tail: ["d"] } } });
  assert.deepEqual(after, { name: "x", words: ["a", "d"] });
  assert.deepEqual(before, { words: ["a", "b", "c"] });
  assert.deepEqual(applyPatches(before), before);
});

test("appending to a missing list creates it", () => {
  const after = applyPatches<Partial<State>>({}, { words: { append: { keep: 0, tail: ["d"] } } });
  assert.deepEqual(after.words, ["d"]);
});

test("map entries are removed and set", () => {
  const before: State = { words: [], stock: { tea: 2, soup: 5 } };
  const set = JSON.parse('{"tea": 3, "__proto__": 1}') as Record<string, number>;
  const after = applyPatches(before, { stock: { entries: { set, remove: ["soup"] } } });
  assert.deepEqual(Object.entries(after.stock ?? {}), [["tea", 3], ["__proto__", 1]]);
  assert.deepEqual(before, { words: [], stock: { tea: 2, soup: 5 } });
});

test("setting entries of a missing map creates it", () => {
  const after = applyPatches<Partial<State>>({}, { stock: { entries: { set: { tea: 1 }, remove: [] } } });
  assert.deepEqual(after.stock, { tea: 1 });
});
