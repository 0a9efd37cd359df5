// What the page knows of a session: pure functions from what the server says to a model.
//
// A model is a history as of some commit (`base`) and the events behind it (`tail`). What is shown
// is the history and what the tail adds to it (`live`), so that a page that was there all the time
// and one that came a moment ago show the same. Nothing here is changed in place.
//
// Of a long history the model has the newest messages: `base.first` is the index of the first one, and
// `older` adds those before it.

/** The events that end a run, and where the session is then. */
const TERMINAL = {
  run_paused: "rest",
  run_ended: "ended",
  run_failed: "unfinished",
  run_halted: "unfinished",
  run_stopped: "unfinished",
  run_cancelled: "unfinished",
};

export const isTerminal = (event) => Object.hasOwn(TERMINAL, event.type);

const begins = (event) => event.type === "run_started" || event.type === "run_resumed";

/** A page that has not asked yet. */
export const unknown = Object.freeze({
  known: "loading", // or "absent", "present", "deleted"
  title: "",
  base: Object.freeze({ first: 0, messages: [], cursor: "", offset: -1, running: false, position: {} }),
  tail: null, // { before, place, event }: the latest first
  last: "", // the cursor to go on from
  place: -1, // where the last event stands: its offset, and half an entry more when it has none
  began: -1, // where the last run began or went on
  trail: [], // the steps of the last run
  live: begin({ running: false, position: {} }),
});

/** The session is not there: nothing was said yet. */
export const absent = (model) => ({ ...unknown, known: "absent", title: model.title });

/** The session was deleted while it was shown. */
export const deleted = (model) => ({ ...unknown, known: "deleted", title: model.title });

/** The offset of a cursor `epoch.offset`; -1 for the beginning. */
export function offsetOf(cursor) {
  const found = /^\d+\.(\d+)$/.exec(cursor ?? "");
  return found ? Number(found[1]) : -1;
}

/**
 * Takes the history that `GET …/chat` answered.
 *
 * `asked` is the model as the request left: a run that had begun by then and that the server does
 * not know of has ended without a word, because its process died.
 */
export function rebase(model, chat, asked = model) {
  const offset = offsetOf(chat.cursor);
  const { cursor, running, position = {} } = chat;
  // the history went back behind what was known: nothing of it can be trusted
  const lost = model.known !== "present" || offset < model.base.offset;
  const base = { ...merged(lost ? null : model.base, chat), cursor, offset, running, position };
  // where the last run began, for its path; of a session that has just begun, all of it
  const run = model.known === "absent" ? "" : (offsetOf(chat.run) < offset ? (chat.run ?? cursor) : cursor);
  let next = lost ? { ...unknown, last: run, place: offsetOf(run) } : model;
  next = { ...next, known: "present", title: chat.title ?? model.title, base };
  next = replay(next, listed(next.tail).filter((one) => one.place > offset));
  const dead = !running && next.live.running && next.began <= asked.place;
  return dead ? interrupt(next, position) : next;
}

/** Takes an older page of the history, if it is the one before what is known. */
export function older(model, { first, messages }) {
  const { base } = model;
  if (model.known !== "present" || first + messages.length !== base.first) return model;
  return { ...model, base: { ...base, first, messages: [...messages, ...base.messages] } };
}

/** The newest page of a history, and what is known before it as long as the two agree. */
function merged(base, { first = 0, messages }) {
  const fresh = { first, messages };
  if (!base || base.first > first || base.first + base.messages.length < first) return fresh;
  const known = base.messages.slice(first - base.first);
  const both = messages.map((message, index) => (same(known[index], message) ? known[index] : message));
  const agree = known.slice(0, messages.length).every((message, index) => message === both[index]);
  if (!agree) return fresh;
  return { first: base.first, messages: [...base.messages.slice(0, first - base.first), ...both] };
}

const same = (one, other) => one?.role === other.role && one.text === other.text;

/** Takes an event of the stream, with the `id:` of its block. */
export function take(model, event, id) {
  if (event.type === "rewound") return rewind(model, event.to ?? "");
  const offset = id === undefined ? -1 : offsetOf(id);
  if (offset >= 0 && offset <= Math.floor(model.place)) return model; // seen
  const place = offset >= 0 ? offset : Math.floor(model.place) + 0.5;
  const next = {
    ...model,
    last: id || model.last,
    place,
    began: begins(event) ? place : model.began,
    trail: track(model.trail, event, place),
  };
  // the history may be ahead of the stream: what it covers is said already
  if (place <= model.base.offset) return next;
  return { ...next, tail: { before: model.tail, place, event }, live: play(model.live, event) };
}

/** Whether what is known reaches behind the history: then it has to be asked for anew. */
export const isTornBy = (model, event) =>
  event.type === "rewound" && offsetOf(event.to) < model.base.offset;

/**
 * The messages as they are shown: `{ role, text, live, dropped }`, and of an answer in progress its
 * `pieces`, the last one first. A message that did not change stays the same object.
 */
export function shown({ base, live }) {
  const turns = live.turns.filter((turn) => turn.role === "user" || turn.items || turn.dropped);
  const last = turns.at(-1);
  const isLive = (turn) => turn === last && turn.role === "assistant" && live.running && !turn.committed;
  return base.messages.map(settled).concat(turns.map((turn) => said(turn, isLive(turn))));
}

const SETTLED = new WeakMap();
const SAID = new WeakMap();

function settled(message) {
  if (!SETTLED.has(message)) {
    SETTLED.set(message, { role: message.role, text: message.text, live: false, dropped: "" });
  }
  return SETTLED.get(message);
}

function said(turn, live) {
  const known = SAID.get(turn);
  if (known?.live === live) return known;
  const { role, items: pieces, dropped = "" } = turn;
  const text = role === "user" ? () => turn.text : () => textOf(pieces);
  const message = { role, live, dropped, pieces, get text() { return text(); } };
  SAID.set(turn, message);
  return message;
}

/** The steps of the last run; one that was begun and not finished is not running without a run. */
export const steps = ({ trail, live }) =>
  trail.map((step) => (step.is === "running" && !live.running ? { ...step, is: "cut" } : step));

/** What is left to do when nothing runs: `{ kind, error }`, or nothing. */
export function open({ known, live }) {
  if (known === "deleted") return { kind: "deleted" };
  if (known !== "present" || live.running) return null;
  if (live.position.at === "ended") return { kind: "ended" };
  if (live.position.at !== "unfinished") return live.failure && { kind: "failed", ...live.failure };
  if (live.over === "run_failed") return { kind: "failed", ...live.failure, unfinished: true };
  if (live.over === "run_stopped" || live.over === "run_halted") return { kind: "stopped", unfinished: true };
  return { kind: "interrupted", unfinished: true };
}

// --- the tail

function listed(tail) {
  const events = [];
  for (let one = tail; one; one = one.before) events.push(one);
  return events.reverse();
}

function replay(model, events) {
  let tail = null;
  let live = begin(model.base);
  for (const { place, event } of events) {
    tail = { before: tail, place, event };
    live = play(live, event);
  }
  return { ...model, tail, live };
}

function rewind(model, to) {
  const offset = offsetOf(to);
  const kept = listed(model.tail).filter((one) => one.place <= offset);
  const began = kept.findLast((one) => begins(one.event));
  const trail = model.trail
    .filter((step) => step.place <= offset)
    .map((step) => (step.end > offset ? { ...step, is: "running", until: undefined } : step));
  const next = { ...model, last: to, place: offset, began: began?.place ?? -1, trail };
  return replay(next, kept);
}

function interrupt(model, position) {
  return { ...model, live: { ...model.live, running: false, position, over: null, wait: null } };
}

// --- what the events behind the history say

function begin({ running, position }) {
  return { running, position, node: position.node, over: null, failure: null, wait: null, turns: [] };
}

function play(live, event) {
  switch (event.type) {
    case "run_started": {
      // what an earlier run had shown and never committed is gone with it
      const turns = live.turns.filter((turn) => turn.role === "user" || turn.committed);
      if (event.prompt !== undefined) turns.push({ role: "user", text: event.prompt });
      return { ...started(live, event), turns };
    }
    case "run_resumed":
      return started(live, event);
    case "session_reopened":
      return { ...live, over: null, failure: null, position: { at: "rest", node: event.node } };
    case "step_started":
      return { ...live, node: event.node, failure: null, wait: null };
    case "item":
      return { ...live, node: event.node, wait: null, turns: added(live.turns, event) };
    case "items_superseded":
      return { ...live, turns: unsaid(live.turns, event) };
    case "attempt_failed":
      return { ...live, wait: { error: event.error, retryIn: event.retry_in, at: event.at } };
    case "step_failed":
      return { ...live, wait: null, failure: { error: event.error, node: event.node } };
    case "step_committed":
      return { ...live, wait: null, turns: committed(live.turns, event) };
    default:
      return isTerminal(event) ? finished(live, event) : live;
  }
}

function started(live, { node }) {
  const position = { at: "unfinished", node };
  return { ...live, running: true, position, node, over: null, failure: null, wait: null };
}

function finished(live, event) {
  const position = { at: TERMINAL[event.type], node: event.node };
  const failed = event.type === "run_failed";
  const failure = failed ? { error: event.error, node: event.node } : live.failure;
  return { ...live, running: false, position, node: event.node, over: event.type, failure, wait: null };
}

// --- answers: a linked list of pieces, each with the length of the text up to it; appending is O(1)

const NO_PIECE = { length: 0 };

/** The text of pieces, up to a known one. It is joined only when it is needed: not while an answer grows. */
export function textOf(pieces, until = null) {
  const texts = [];
  for (let one = pieces; one && one !== until; one = one.before) texts.push(one.text);
  return texts.reverse().join("");
}

const isOf = ({ step, node }) => (turn) =>
  turn.role === "assistant" && turn.step === step && turn.node === node && !turn.committed;

function added(turns, event) {
  const at = turns.findLastIndex(isOf(event));
  const turn = turns[at] ?? { role: "assistant", step: event.step, node: event.node, items: null };
  const text = event.text ?? "";
  const { length } = turn.items ?? NO_PIECE;
  const next = { ...turn, items: { before: turn.items, text, length: length + text.length }, dropped: "" };
  return at < 0 ? [...turns, next] : turns.with(at, next);
}

function unsaid(turns, event) {
  const at = turns.findLastIndex(isOf(event));
  if (at < 0) return turns;
  let { items } = turns[at];
  for (let left = event.items; left > 0 && items; left -= 1) items = items.before;
  const dropped = textOf(turns[at].items, items);
  return turns.with(at, { ...turns[at], items, dropped });
}

function committed(turns, event) {
  const at = turns.findLastIndex(isOf(event));
  return at < 0 ? turns : turns.with(at, { ...turns[at], committed: true, dropped: "" });
}

// --- the trail: `{ step, node, is, since, until, place, end }`

function track(trail, event, place) {
  const last = trail.at(-1);
  const now = event.at;
  const close = (is) => (last?.is === "running" ? trail.with(-1, { ...last, is, until: now, end: place }) : trail);
  switch (event.type) {
    case "run_started":
      return [];
    case "step_started":
      return [...close("cut"), { step: event.step, node: event.node, is: "running", since: now, place }];
    case "item":
      // whoever came in the middle of a step has not heard it begin
      if (last?.step === event.step && last.node === event.node) return trail;
      return [...trail, { step: event.step, node: event.node, is: "running", since: now, place }];
    case "step_committed":
      return close("committed");
    case "step_failed":
      return close("failed");
    default:
      return isTerminal(event) ? close("cut") : trail;
  }
}
