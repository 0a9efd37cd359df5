import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { Tabs } = await page("tabs");

/** The part of a document that says whether it is seen. */
class Visibility extends EventTarget {
  hidden = false;

  hide() {
    this.hidden = true;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

/** Locks that nobody else holds, and that cannot be asked about. */
class Locks {
  held = new Set();

  async request(name, options, hold) {
    if (this.held.has(name)) return hold(null);
    this.held.add(name);
    await hold({ name });
    this.held.delete(name);
  }

  async query() {
    throw new Error("no answer");
  }
}

/** Opens a tab until the test is over. */
function open(context, { changed = () => {}, ended = () => {}, ...environment } = {}) {
  const tabs = new Tabs({ changed, ended }, environment);
  context.after(() => tabs.close());
  return tabs;
}

/** Whether a turn is over once everything that is due has happened. */
async function isOver(turn) {
  let over = false;
  turn.over.then(() => (over = true));
  await new Promise(setImmediate);
  return over;
}

const { signal } = new AbortController();

test("a lock is released if the locks cannot be asked about", async (context) => {
  const locks = new Locks();
  const tabs = open(context, { locks });
  await assert.rejects(tabs.take(signal), /no answer/);
  await new Promise(setImmediate);
  assert.deepEqual([...locks.held], []);
});

test("without locks, a tab that becomes hidden ends its turn", async (context) => {
  const document = new Visibility();
  const tabs = open(context, { locks: null, document, turn: 0 });
  const released = await tabs.take(signal);
  released.release();
  const turn = await tabs.take(signal);
  assert.equal(await isOver(turn), false);
  document.hide();
  assert.equal(await isOver(turn), true);
  assert.equal(await isOver(released), false);
});

test("without locks, a tab that is hidden waits and takes short turns", async (context) => {
  const document = new Visibility();
  document.hide();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const tabs = open(context, { locks: null, document, turn: 0 });
  const taking = tabs.take(signal);
  context.mock.timers.runAll();
  assert.equal(await isOver(await taking), true);
});

test("with locks, a tab that becomes hidden keeps its turn", async (context) => {
  const document = new Visibility();
  const locks = new Locks();
  locks.query = async () => ({ pending: [] });
  const turn = await open(context, { locks, document, turn: 0 }).take(signal);
  document.hide();
  assert.equal(await isOver(turn), false);
});

test("the other tabs hear of changes and of the ends of runs", async (context) => {
  const heard = [];
  const told = new Promise((done) => {
    open(context, {
      changed: (id) => heard.push(["changed", id]),
      ended: (id) => done(heard.push(["ended", id])),
    });
  });
  const tabs = open(context, { changed: assert.fail, ended: assert.fail });
  tabs.changed("a");
  tabs.ended("b");
  await told;
  assert.deepEqual(heard, [["changed", "a"], ["ended", "b"]]);
});
