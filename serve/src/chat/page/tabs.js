// What the tabs of a browser share: its connections, and notifications that a chat has changed or that a
// run has ended.
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
  #document;

  /**
   * `changed(id)` is called when another tab has changed a session, and `ended(id)` when another tab has
   * seen a run end.
   */
  constructor({ changed, ended }, environment = {}) {
    const { document, navigator, BroadcastChannel } = globalThis;
    const { locks, Channel, turn } = { locks: navigator?.locks, Channel: BroadcastChannel, turn: TURN, ...environment };
    this.#heard = { changed, ended };
    this.#locks = locks;
    this.#document = environment.document ?? document;
    this.Channel = Channel;
    this.turn = turn;
    this.open();
    if (!locks) this.#document?.addEventListener("visibilitychange", () => this.#shareIfHidden());
  }

  open() {
    if (this.#channel) return;
    this.#channel = new this.Channel(NAME);
    this.#channel.onmessage = ({ data: { changed, ended, wants } }) => {
      if (changed !== undefined) this.#heard.changed(changed);
      if (ended !== undefined) this.#heard.ended(ended);
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

  /** Tells the other tabs that a run of a session has ended: their lists say that it is in progress. */
  ended(id) {
    this.#channel?.postMessage({ ended: id });
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
    this.#hold(turn);
    try {
      const { pending } = await this.#locks.query();
      if (pending.some(({ name }) => name === turn.slot)) turn.share();
    } catch (error) {
      turn.release(); // the caller has no turn that it could release
      throw error;
    }
    return turn;
  }

  #hold(turn) {
    this.#turns.add(turn);
    turn.released.then(() => this.#turns.delete(turn));
  }

  /** Pages without HTTPS have no locks: those that are seen hold a connection, the others take short turns. */
  async #unlocked(signal) {
    if (this.#document?.hidden) await new Promise((go) => setTimeout(go, PAUSE));
    signal.throwIfAborted();
    const turn = new Turn("", this.turn, () => {});
    this.#hold(turn);
    this.#shareIfHidden();
    return turn;
  }

  /** Ends the turns of a page without locks that is not seen, or that was seen when it took them. */
  #shareIfHidden() {
    if (this.#document?.hidden) for (const turn of this.#turns) turn.share();
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
