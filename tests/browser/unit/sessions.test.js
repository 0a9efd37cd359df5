import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { keep, memory, sequence } = await page("sessions");

/** A storage of a tab, until the test is over. */
function store(context, storage) {
  globalThis.sessionStorage = storage;
  context.after(() => delete globalThis.sessionStorage);
}

test("of several requests only the latest is the latest, whichever is answered last", () => {
  const asked = sequence();
  const [first, second] = [asked(), asked()];
  assert.deepEqual([second(), first()], [true, false]);
  const third = asked();
  assert.deepEqual([first(), second(), third()], [false, false, true]);
});

test("a tab keeps the cursor of a session, also that of its beginning", (context) => {
  const kept = new Map();
  store(context, {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  });
  for (const cursor of ["1.4", "", undefined]) {
    memory("a").set(cursor);
    assert.equal(memory("a").get(), cursor);
    assert.equal(memory("b").get(), undefined);
  }
});

test("a storage that is full or forbidden is no error", (context) => {
  const refuse = () => {
    throw new Error("refused");
  };
  store(context, { getItem: () => null, setItem: refuse, removeItem: refuse });
  for (const value of ["text", undefined]) {
    keep("key", value);
    memory("a").set(value);
  }
});
