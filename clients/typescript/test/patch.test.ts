import assert from "node:assert/strict";
import { test } from "node:test";
import { patched } from "../src/index.ts";

interface State {
  name?: string;
  words: string[];
  stock?: Record<string, number>;
}

test("a state is patched, and the old one left as it is", () => {
  const before: State = { words: ["a", "b", "c"] };
  const after = patched(before, { name: { set: "x" }, words: { append: { keep: 1, tail: ["d"] } } });
  assert.deepEqual(after, { name: "x", words: ["a", "d"] });
  assert.deepEqual(before, { words: ["a", "b", "c"] });
  assert.deepEqual(patched(before), before);
});

test("a list that was not there is made", () => {
  const after = patched<Partial<State>>({}, { words: { append: { keep: 0, tail: ["d"] } } });
  assert.deepEqual(after.words, ["d"]);
});

test("entries of a map are removed and set", () => {
  const before: State = { words: [], stock: { tea: 2, soup: 5 } };
  const set = JSON.parse('{"tea": 3, "__proto__": 1}') as Record<string, number>;
  const after = patched(before, { stock: { entries: { set, remove: ["soup"] } } });
  assert.deepEqual(Object.entries(after.stock ?? {}), [["tea", 3], ["__proto__", 1]]);
  assert.deepEqual(before, { words: [], stock: { tea: 2, soup: 5 } });
});

test("a map that was not there is made", () => {
  const after = patched<Partial<State>>({}, { stock: { entries: { set: { tea: 1 }, remove: [] } } });
  assert.deepEqual(after.stock, { tea: 1 });
});
