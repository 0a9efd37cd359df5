// State shared by the tabs of a browser: its connections, and notifications that a chat has changed or that a
// run has ended.
//
// Over HTTP/1.1 a browser opens six connections to a server for all of its tabs, and a stream takes one
// for as long as it is open. So a tab reads a stream only while an answer is in progress, and only while it
// holds one of a few slots. If more tabs wait, they take turns.
//
// A slot is a lock of the Web Locks API: the browser itself releases it when its tab is closed or
// crashes, and keeps the queue. No tab depends on the script of another tab, as it would with a leader.

/** Maximum number of concurrent streams; the other connections are left for requests. */
const SLOTS = 3;

/** Minimum time that a tab keeps its slot while others wait, in milliseconds. */
const MIN_HOLD = 1_000;

/** Pause of a hidden tab before it opens a stream if locks are not available, in milliseconds. */
const PAUSE = 5_000;

const NAME = "burdock";

export class Tabs {
  #channel = null;
  #held = new Set();
  #handlers;
  #locks;
  #document;

  /**
   * `changed(id)` is called when another tab has changed a session, and `ended(id)` when another tab has
   * received the end of a run.
   */
  constructor({ changed, ended }, environment = {}) {
    const { document, navigator, BroadcastChannel } = globalThis;
    const { locks, Channel, minHold } = {
      locks: navigator?.locks,
      Channel: BroadcastChannel,
      minHold: MIN_HOLD,
      ...environment,
    };
    this.#handlers = { changed, ended };
    this.#locks = locks;
    this.#document = environment.document ?? document;
    this.Channel = Channel;
    this.minHold = minHold;
    this.open();
    if (!locks) this.#document?.addEventListener("visibilitychange", () => this.#revokeIfHidden());
  }

  open() {
    if (this.#channel) return;
    this.#channel = new this.Channel(NAME);
    this.#channel.onmessage = ({ data: { changed, ended, wants } }) => {
      if (changed !== undefined) this.#handlers.changed(changed);
      if (ended !== undefined) this.#handlers.ended(ended);
      for (const slot of this.#held) if (slot.name === wants) slot.revoke();
    };
  }

  /** Closes the channel. A page in the back/forward cache must not have an open one. */
  close() {
    this.#channel?.close();
    this.#channel = null;
  }

  /** Notifies the other tabs that a session has changed. */
  changed(id) {
    this.#channel?.postMessage({ changed: id });
  }

  /** Notifies the other tabs that a run has ended, so that they update their lists of chats. */
  ended(id) {
    this.#channel?.postMessage({ ended: id });
  }

  /** Waits for a slot. Rejects if `signal` is aborted first. */
  async acquire(signal) {
    if (!this.#locks) return this.#acquireWithoutLocks(signal);
    for (let index = 0; index < SLOTS; index += 1) {
      const slot = await this.#lock(`${NAME}.${index}`, { ifAvailable: true });
      if (slot) return this.#acquired(slot, signal);
    }
    const name = await this.#shortestQueue();
    const request = () => this.#channel?.postMessage({ wants: name });
    const requesting = setInterval(request, 2 * this.minHold); // another tab may hold the slot by now
    try {
      const slot = this.#lock(name, { signal });
      request();
      return this.#acquired(await slot, signal);
    } finally {
      clearInterval(requesting);
    }
  }

  /** The slot that the fewest tabs wait for. */
  async #shortestQueue() {
    const { pending } = await this.#locks.query();
    const names = Array.from({ length: SLOTS }, (_, index) => `${NAME}.${index}`);
    const queues = names.map((name) => pending.filter((lock) => lock.name === name).length);
    const shortest = names.filter((_, index) => queues[index] === Math.min(...queues));
    return shortest[Math.floor(Math.random() * shortest.length)];
  }

  #lock(name, options) {
    return new Promise((resolve, reject) => {
      const granted = (lock) => {
        if (!lock) return resolve(null);
        return new Promise((release) => resolve(new Slot(name, this.minHold, release)));
      };
      this.#locks.request(name, options, granted).catch(reject);
    });
  }

  async #acquired(slot, signal) {
    if (signal.aborted) slot.release();
    signal.throwIfAborted();
    this.#hold(slot);
    try {
      const { pending } = await this.#locks.query();
      if (pending.some(({ name }) => name === slot.name)) slot.revoke();
    } catch (error) {
      slot.release(); // the caller does not get it
      throw error;
    }
    return slot;
  }

  #hold(slot) {
    this.#held.add(slot);
    slot.released.then(() => this.#held.delete(slot));
  }

  /** Pages without HTTPS have no locks: visible ones hold a connection, hidden ones hold it only briefly. */
  async #acquireWithoutLocks(signal) {
    if (this.#document?.hidden) await new Promise((resume) => setTimeout(resume, PAUSE));
    signal.throwIfAborted();
    const slot = new Slot("", this.minHold, () => {});
    this.#hold(slot);
    this.#revokeIfHidden();
    return slot;
  }

  #revokeIfHidden() {
    if (this.#document?.hidden) for (const slot of this.#held) slot.revoke();
  }
}

/** Permission to read a stream. */
class Slot {
  #since = performance.now();
  #timer = null;

  constructor(name, minHold, release) {
    this.name = name;
    this.minHold = minHold;
    /** Resolves when another tab needs the slot. */
    this.revoked = new Promise((resolve) => (this.revokeNow = resolve));
    this.released = new Promise((done) => {
      this.release = () => {
        clearTimeout(this.#timer);
        release();
        done();
      };
    });
  }

  /** Revokes the slot once it has been held for the minimum time. */
  revoke() {
    const left = this.#since + this.minHold - performance.now();
    this.#timer ??= setTimeout(() => this.revokeNow(), Math.max(0, left));
    if (left <= 0) this.revokeNow(); // timers of hidden tabs are throttled
  }
}
