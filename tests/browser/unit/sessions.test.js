import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { keep, memory, sequence } = await page("sessions");

/** Sets the session storage until the end of the test. */
function store(context, storage) {
  globalThis.sessionStorage = storage;
  context.after(() => delete globalThis.sessionStorage);
}

test("sequence detects the latest request, whichever response arrives last", () => {
  const request = sequence();
  const [first, second] = [request(), request()];
  assert.deepEqual([second(), first()], [true, false]);
  const third = request();
  assert.deepEqual([first(), second(), third()], [false, false, true]);
});

test("a tab stores the cursor of a session, including that of its start", (context) => {
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

test("a full or blocked storage is not an error", (context) => {
  const fail = () => {
    throw new Error("blocked");
  };
  store(context, { getItem: () => null, setItem: fail, removeItem: fail });
  for (const value of ["text", undefined]) {
    keep("key", value);
    memory("a").set(value);
  }
});
