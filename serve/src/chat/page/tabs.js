// What the tabs of a browser share: its connections, and notifications that a chat has changed.
//
// Over HTTP/1.1 a browser opens six connections to a server, whatever the number of its tabs, and a
// stream takes one for as long as it is open. So a tab reads a stream only while an answer is in
// progress, and only while it holds one of a few slots. Where more tabs wait, they take turns.
//
// A slot is a lock of the Web Locks API: the browser itself releases it when its tab is closed or
// crashes, and keeps the queue. No tab depends on the script of another one, as it would with a leader.

/** Streams at the same time; the other connections are left to requests. */
const SLOTS = 3;

/** How long a tab keeps its slot while others wait, in milliseconds. */
const TURN = 1_000;

/** How long a tab that is not seen pauses between turns where there are no locks. */
const PAUSE = 5_000;

const NAME = "burdock";

export class Tabs {
  #channel = null;
  #turns = new Set();
  #heard;
  #locks;

  /** `heard(id)` is called when another tab has changed a session. */
  constructor(heard, { locks = globalThis.navigator?.locks, Channel = globalThis.BroadcastChannel, turn = TURN } = {}) {
    this.#heard = heard;
    this.#locks = locks;
    this.Channel = Channel;
    this.turn = turn;
    this.open();
  }

  open() {
    if (this.#channel) return;
    this.#channel = new this.Channel(NAME);
    this.#channel.onmessage = ({ data: { changed, wants } }) => {
      if (changed !== undefined) this.#heard(changed);
      for (const turn of this.#turns) if (turn.slot === wants) turn.share();
    };
  }

  /** A page in the back/forward cache must not have an open channel. */
  close() {
    this.#channel?.close();
    this.#channel = null;
  }

  /** Tells the other tabs that something has happened in a session. */
  changed(id) {
    this.#channel?.postMessage({ changed: id });
  }

  /** Waits for a slot; returns the turn. Rejects if `signal` aborts before. */
  async take(signal) {
    if (!this.#locks) return this.#unlocked(signal);
    for (let slot = 0; slot < SLOTS; slot += 1) {
      const turn = await this.#lock(`${NAME}.${slot}`, { ifAvailable: true });
      if (turn) return this.#taken(turn, signal);
    }
    const slot = `${NAME}.${Math.floor(Math.random() * SLOTS)}`;
    const ask = () => this.#channel?.postMessage({ wants: slot });
    const asking = setInterval(ask, 2 * this.turn); // another tab may hold the slot by now
    try {
      const turn = this.#lock(slot, { signal });
      ask();
      return this.#taken(await turn, signal);
    } finally {
      clearInterval(asking);
    }
  }

  #lock(slot, options) {
    return new Promise((resolve, reject) => {
      const held = (lock) => {
        if (!lock) return resolve(null);
        return new Promise((release) => resolve(new Turn(slot, this.turn, release)));
      };
      this.#locks.request(slot, options, held).catch(reject);
    });
  }

  async #taken(turn, signal) {
    if (signal.aborted) turn.release();
    signal.throwIfAborted();
    this.#turns.add(turn);
    turn.released.then(() => this.#turns.delete(turn));
    const { pending } = await this.#locks.query();
    if (pending.some(({ name }) => name === turn.slot)) turn.share();
    return turn;
  }

  /** Pages without HTTPS have no locks: those that are seen hold a connection, the others take short turns. */
  async #unlocked(signal) {
    const hidden = globalThis.document?.hidden;
    if (hidden) await new Promise((go) => setTimeout(go, PAUSE));
    signal.throwIfAborted();
    const turn = new Turn("", this.turn, () => {});
    if (hidden) turn.share();
    return turn;
  }
}

/** The time in which a tab may read a stream. */
class Turn {
  #since = performance.now();
  #timer = null;

  constructor(slot, length, release) {
    this.slot = slot;
    this.length = length;
    /** Set when another tab has waited for long enough. */
    this.over = new Promise((over) => (this.end = over));
    this.released = new Promise((done) => {
      this.release = () => {
        clearTimeout(this.#timer);
        release();
        done();
      };
    });
  }

  /** Ends the turn once it is long enough: another tab waits. */
  share() {
    const left = this.#since + this.length - performance.now();
    this.#timer ??= setTimeout(() => this.end(), Math.max(0, left));
    if (left <= 0) this.end(); // the timers of a tab that is not seen are late
  }
}
