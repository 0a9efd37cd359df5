import assert from "node:assert/strict";
import { test } from "node:test";
import { patched } from "../src/index.ts";

interface State {
  name?: string;
  words: string[];
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
