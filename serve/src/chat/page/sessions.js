// The chats of this server: their ids and names, the list of recent ones, and the state that a tab stores for them.

/** A time after that of any chat id: the year 2286. */
const MAX_TIME = 10_000_000_000_000;
const NAMES = "burdock.names";
const MOST_NAMES = 200;

/**
 * Returns a new, unguessable id. It starts with the time left until `MAX_TIME`, so that `GET /chats`, which
 * is ordered by id, lists the newest chats first.
 */
export function newId(now = Date.now(), crypto = globalThis.crypto) {
  const time = (MAX_TIME - now).toString(36).padStart(9, "0");
  const noise = crypto.getRandomValues(new Uint8Array(12));
  return `${time}-${[...noise].map((byte) => (byte % 36).toString(36)).join("")}`;
}

/** Parses the URL hash, `#/s/<id>&token=…`. */
export function readHash(hash) {
  const [path, ...more] = hash.replace(/^#/, "").split("&");
  const token = new URLSearchParams(more.join("&")).get("token");
  const found = /^\/s\/(.+)$/.exec(path);
  try {
    return { id: found ? decodeURIComponent(found[1]) : null, token };
  } catch {
    return { id: null, token };
  }
}

export const hashOf = (id) => `#/s/${encodeURIComponent(id)}`;

/** Names of the chats of this browser: their first prompts. */
export class Names {
  #names;

  constructor(storage) {
    this.storage = storage;
    try {
      this.#names = new Map(JSON.parse(storage.getItem(NAMES) ?? "[]"));
    } catch {
      this.#names = new Map();
    }
  }

  of(id) {
    return this.#names.get(id);
  }

  /** Names a chat after its first prompt; returns whether the name is new. */
  learn(id, prompt = "") {
    const first = prompt.slice(0, 1_000).trim().replace(/\s+/g, " ").slice(0, 80);
    if (!first || this.#names.get(id) === first) return false;
    this.#names.set(id, first);
    this.#store();
    return true;
  }

  forget(id) {
    if (this.#names.delete(id)) this.#store();
  }

  #store() {
    const kept = [...this.#names].slice(-MOST_NAMES);
    try {
      this.storage.setItem(NAMES, JSON.stringify(kept));
    } catch {
      // names are optional, and the storage may be full or blocked
    }
  }
}

/** Stores a value across reloads of this tab, if the browser allows it; removes it if `value` is undefined. */
export function keep(key, value) {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // the storage may be full or blocked
  }
}

/** Stores the cursor of a session across reloads of this tab. */
export function memory(id) {
  const key = `burdock.run.${id}`;
  return { get: () => sessionStorage.getItem(key) ?? undefined, set: (cursor) => keep(key, cursor) };
}

/** Detects outdated requests: each call returns a function that returns whether no later call was made. */
export function sequence() {
  let last = 0;
  return () => {
    const number = (last += 1);
    return () => number === last;
  };
}

/** Returns the name of a chat: its first prompt, from this browser or from the server. */
export const nameOf = ({ session, created, title }, names) => names.of(session) ?? title ?? `Chat of ${day(created)}`;

/**
 * Shows the list, latest first. The button next to a chat calls `remove(chat, button)`. If the focused chat is
 * gone, the element returned by `next()` is focused.
 */
export function showList(into, chats, { current, names, remove, next, now = Date.now() }) {
  const latest = [...chats].sort((one, other) => other.updated - one.updated);
  const document = into.ownerDocument;
  const focused = into.contains(document.activeElement) && document.activeElement.id;
  into.replaceChildren(
    ...latest.map((chat) => {
      const { session, updated, running } = chat;
      const label = nameOf(chat, names);
      const link = document.createElement("a");
      link.href = hashOf(session);
      link.id = `chat-${encodeURIComponent(session)}`;
      link.className = running ? "running" : "";
      if (session === current) link.setAttribute("aria-current", "page");
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = label;
      link.title = session;
      name.dir = "auto";
      const time = document.createElement("time");
      time.dateTime = new Date(updated).toISOString();
      time.textContent = running ? "answering" : ago(now - updated);
      link.append(name, time);
      const item = document.createElement("li");
      item.append(link, deleteButton(document, session, label, (button) => remove(chat, button)));
      return item;
    }),
  );
  if (focused) (document.getElementById(focused) ??  next()).focus();
}

/** Returns the button that deletes a chat. */
function deleteButton(document, session, label, onClick) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "remove";
  button.id = `remove-${encodeURIComponent(session)}`;
  button.title = "Delete";
  button.setAttribute("aria-label", `Delete ${label}`);
  button.textContent = "×";
  button.addEventListener("click", () => onClick(button));
  return button;
}

const day = (time) => new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

function ago(milliseconds) {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "yesterday" : `${days} days ago`;
}
