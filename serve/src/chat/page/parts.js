// The parts of an answer beside its text: calls of tools, and a value that grows. All functions are pure.
//
// A call is `{ id, name, text, arguments, status, progress, result, written }`: `text` is the text of the arguments while
// the model writes them, and `written` is whether the model wrote the call in this step. The status is "writing",
// "called", "running", "succeeded", "failed" or "interrupted".

export const NO_PARTS = Object.freeze({ calls: Object.freeze([]), value: null });

/** Maximum number of pieces of progress that are kept of a call. */
const PROGRESS = 100;

/** Whether a call has no result yet. */
export const isPending = ({ status }) => status === "writing" || status === "called" || status === "running";

/** Returns the calls of a message of the history. */
export function callsOf({ calls = [] }) {
  if (calls.length === 0) return NO_PARTS.calls;
  return calls.map(({ result, ...call }) => ({ ...call, ...outcome(result), progress: [], written: true }));
}

const outcome = (result) => ({ status: result?.status ?? "called", result: result?.text });

/** Returns the parts after an item. */
export function withPart(parts, { call, value }) {
  if (call) return { ...parts, calls: withCall(parts.calls, call) };
  if (value) return { ...parts, value: { name: value.name, value: grow(parts.value?.value, value.change) } };
  return parts;
}

function withCall(calls, update) {
  const put = (at, call) => (at < 0 ? [...calls, call] : calls.with(at, call));
  const byId = calls.findIndex(({ id }) => id !== undefined && id === update.id);
  const known = calls[byId] ?? { id: update.id, name: "", status: "running", progress: [], written: false };
  const { id, name, arguments: input } = update;
  switch (update.type) {
    case "delta": {
      const at = calls.findIndex(({ index, status }) => status === "writing" && index === update.index);
      const { name: before = "", text = "" } = calls[at] ?? {};
      return put(at, { index: update.index, name: before + name, text: text + input, status: "writing", progress: [], written: true });
    }
    case "changed": {
      const at = calls.findIndex(({ index, status }) => status === "writing" && index === update.index);
      const value = grow(calls[at]?.arguments, update.change);
      return put(at, { index: update.index, name, arguments: value, status: "writing", progress: [], written: true });
    }
    case "written": {
      const at = calls.findIndex(({ status }) => status === "writing");
      return put(at, { id, name, arguments: input, status: "called", progress: [], written: true });
    }
    case "started":
      return put(byId, { ...known, name, arguments: input, status: "running" });
    case "progress":
      return put(byId, { ...known, progress: [...known.progress, update.progress].slice(-PROGRESS) });
    case "finished":
      return put(byId, { ...known, ...outcome(update.result) });
    default:
      return calls;
  }
}

/**
 * Shows the progress and the results of calls where the model wrote them, although a later step runs them, and removes
 * messages that have nothing else. A call without a result is interrupted if nothing can finish it any longer.
 */
export function withCalls(messages, running) {
  if (!messages.some(({ calls }) => calls?.length > 0)) return messages;
  const lastPrompt = messages.findLastIndex(({ role }) => role === "user");
  const owners = new Map(); // the index of the message that shows a call, by its id; ids may occur again in later turns
  const shown = messages.map(() => []);
  messages.forEach(({ calls = [] }, index) => {
    for (const call of calls) {
      const owner = call.written ? undefined : owners.get(call.id);
      if (owner === undefined) {
        owners.set(call.id, index);
        shown[index].push([call]);
      } else shown[owner].find(([{ id }]) => id === call.id).push(call);
    }
  });
  const all = messages.map((message, index) => withShown(message, shown[index], running && index > lastPrompt));
  return all.filter((message, index) => message === messages[index] || !isEmpty(message));
}

const isEmpty = ({ pieces, text, calls, value, dropped }) =>
  (pieces ? pieces.length : text.length) === 0 && calls.length === 0 && !value && dropped === "";

const SHOWN = new WeakMap();

/** Returns a message with these calls, each with the updates to it; the same object if it has the same ones. */
function withShown(message, shown, running) {
  const calls = message.calls ?? [];
  const isSame = shown.length === calls.length && shown.every((updates) => updates.length === 1);
  const isSettled = running || !calls.some(isPending);
  if (isSame && isSettled) return message;
  const key = [running, ...shown.flat()];
  const known = SHOWN.get(message);
  if (known?.key.length === key.length && known.key.every((part, index) => part === key[index])) return known.shown;
  const settle = (call) => (running || !isPending(call) ? call : { ...call, status: "interrupted" });
  const merged = shown.map((updates) => settle(Object.assign({}, ...updates, { written: true })));
  const derived = Object.defineProperties({}, Object.getOwnPropertyDescriptors(message));
  derived.calls = merged;
  SHOWN.set(message, { key, shown: derived });
  return derived;
}

/** Applies a change to a value: `{ path, set }`, `{ path, append }` or `{ path, push }`. Unchanged parts stay the same objects. */
export function grow(value, { path, ...edit }) {
  if (path.length === 0) {
    if ("set" in edit) return edit.set;
    if ("append" in edit) return `${value ?? ""}${edit.append}`;
    if ("push" in edit) return [...(Array.isArray(value) ? value : []), edit.push];
    return value;
  }
  const [key, ...rest] = path;
  if (typeof value !== "object" || value === null) return value; // a change of an earlier version of the value
  const copy = Array.isArray(value) ? [...value] : { ...value };
  const next = grow(Object.hasOwn(value, key) ? value[key] : undefined, { path: rest, ...edit });
  // `__proto__` is an ordinary key
  return Object.defineProperty(copy, key, { value: next, configurable: true, enumerable: true, writable: true });
}
