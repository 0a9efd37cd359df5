// The chats of this server: their ids, their names, the list of recent ones, and what a tab keeps of them.

/** Later than any chat, as far as ids go: the year 2286. */
const FAR = 10_000_000_000_000;
const NAMES = "burdock.names";
const MOST_NAMES = 200;

/**
 * A new id that nobody can guess. It begins with the time left until `FAR`, because `GET /chats`
 * lists by id: the newest come first, however many there are.
 */
export function newId(now = Date.now(), crypto = globalThis.crypto) {
  const time = (FAR - now).toString(36).padStart(9, "0");
  const noise = crypto.getRandomValues(new Uint8Array(12));
  return `${time}-${[...noise].map((byte) => (byte % 36).toString(36)).join("")}`;
}

/** What the address says: `#/s/<id>&token=…`. */
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

/** What a chat is called in this browser: its first prompt. */
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

  /** Takes the first prompt of a chat for its name; returns whether that was news. */
  learn(id, prompt = "") {
    const first = prompt.slice(0, 1_000).trim().replace(/\s+/g, " ").slice(0, 80);
    if (!first || this.#names.get(id) === first) return false;
    this.#names.set(id, first);
    this.#keep();
    return true;
  }

  forget(id) {
    if (this.#names.delete(id)) this.#keep();
  }

  #keep() {
    const kept = [...this.#names].slice(-MOST_NAMES);
    try {
      this.storage.setItem(NAMES, JSON.stringify(kept));
    } catch {
      // it is a convenience, and the storage may be full or forbidden
    }
  }
}

/** Keeps a value over a reload of this tab, if the browser lets it; without a value, forgets it. */
export function keep(key, value) {
  try {
    if (value === undefined) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // the storage may be full or forbidden
  }
}

/** What a session keeps over a reload of this tab. */
export function memory(id) {
  const key = `burdock.run.${id}`;
  return { get: () => sessionStorage.getItem(key) ?? undefined, set: (cursor) => keep(key, cursor) };
}

/** Numbers requests: each call returns whether no other call was made after it. */
export function sequence() {
  let last = 0;
  return () => {
    const number = (last += 1);
    return () => number === last;
  };
}

/** What a chat is called: its first prompt, as this browser knows it or as the server does. */
export const nameOf = ({ session, created, title }, names) => names.of(session) ?? title ?? `Chat of ${day(created)}`;

/**
 * Shows the list; the latest first. A chat of another browser goes by the title that the server gives.
 * The button beside a chat calls `remove(chat, button)`. `next()` has the keyboard focus if the chat that had it is gone.
 */
export function list(into, chats, { current, names, remove, next, now = Date.now() }) {
  const latest = [...chats].sort((one, other) => other.updated - one.updated);
  const document = into.ownerDocument;
  const held = into.contains(document.activeElement) && document.activeElement.id;
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
      item.append(link, removal(document, session, label, (button) => remove(chat, button)));
      return item;
    }),
  );
  if (held) (document.getElementById(held) ?? next()).focus();
}

/** The button that deletes a chat. */
function removal(document, session, label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "remove";
  button.id = `remove-${encodeURIComponent(session)}`;
  button.title = "Delete";
  button.setAttribute("aria-label", `Delete ${label}`);
  button.textContent = "×";
  button.addEventListener("click", () => act(button));
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
