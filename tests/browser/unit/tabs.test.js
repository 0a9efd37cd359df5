import assert from "node:assert/strict";
import { test } from "node:test";
import { page } from "./page.js";

const { Tabs } = await page("tabs");

/** A document with a visibility state. */
class Visibility extends EventTarget {
  hidden = false;

  hide() {
    this.hidden = true;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

/** Locks of a browser with one tab, whose `query` fails. */
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

/** Opens a tab until the end of the test. */
function open(context, { changed = () => {}, ended = () => {}, ...environment } = {}) {
  const tabs = new Tabs({ changed, ended }, environment);
  context.after(() => tabs.close());
  return tabs;
}

/** Returns whether a slot is revoked once all pending callbacks have run. */
async function isRevoked(slot) {
  let revoked = false;
  slot.revoked.then(() => (revoked = true));
  await new Promise(setImmediate);
  return revoked;
}

const { signal } = new AbortController();

test("a lock is released if the query for locks fails", async (context) => {
  const locks = new Locks();
  const tabs = open(context, { locks });
  await assert.rejects(tabs.acquire(signal), /no answer/);
  await new Promise(setImmediate);
  assert.deepEqual([...locks.held], []);
});

test("a tab waits for the slot with the shortest queue", async (context) => {
  for (const shortest of [0, 1, 2]) {
    const waiting = [0, 1, 2].flatMap((index) => Array(index === shortest ? 1 : 3).fill({ name: `burdock.${index}` }));
    const locks = {
      async request(name, { ifAvailable }, hold) {
        return hold(ifAvailable ? null : { name });
      },
      query: async () => ({ pending: waiting }),
    };
    const slot = await open(context, { locks }).acquire(signal);
    assert.equal(slot.name, `burdock.${shortest}`);
    slot.release();
  }
});

test("without locks, the slot of a tab that becomes hidden is revoked", async (context) => {
  const document = new Visibility();
  const tabs = open(context, { locks: null, document, minHold: 0 });
  const released = await tabs.acquire(signal);
  released.release();
  const slot = await tabs.acquire(signal);
  assert.equal(await isRevoked(slot), false);
  document.hide();
  assert.equal(await isRevoked(slot), true);
  assert.equal(await isRevoked(released), false);
});

test("without locks, a hidden tab waits and holds slots only briefly", async (context) => {
  const document = new Visibility();
  document.hide();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const tabs = open(context, { locks: null, document, minHold: 0 });
  const taking = tabs.acquire(signal);
  context.mock.timers.runAll();
  assert.equal(await isRevoked(await taking), true);
});

test("with locks, a tab that becomes hidden keeps its slot", async (context) => {
  const document = new Visibility();
  const locks = new Locks();
  locks.query = async () => ({ pending: [] });
  const slot = await open(context, { locks, document, minHold: 0 }).acquire(signal);
  document.hide();
  assert.equal(await isRevoked(slot), false);
});

test("other tabs are notified of changes and of the ends of runs", async (context) => {
  const received = [];
  const notified = new Promise((done) => {
    open(context, {
      changed: (id) => received.push(["changed", id]),
      ended: (id) => done(received.push(["ended", id])),
    });
  });
  const tabs = open(context, { changed: assert.fail, ended: assert.fail });
  tabs.changed("a");
  tabs.ended("b");
  await notified;
  assert.deepEqual(received, [["changed", "a"], ["ended", "b"]]);
});
