// The chats of this server: their ids, their names, and the list of recent ones.

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

  /** Whether that was news. */
  learn(id, messages) {
    const first = messages.find(({ role }) => role === "user")?.text.trim().replace(/\s+/g, " ").slice(0, 80);
    if (!first || this.#names.get(id) === first) return false;
    this.#names.set(id, first);
    const kept = [...this.#names].slice(-MOST_NAMES);
    try {
      this.storage.setItem(NAMES, JSON.stringify(kept));
    } catch {
      // it is a convenience, and the storage may be full or forbidden
    }
    return true;
  }
}

/** Shows the list; the latest first. A chat of another browser goes by the title that the server gives. */
export function list(into, chats, { current, names, now = Date.now() }) {
  const latest = [...chats].sort((one, other) => other.updated - one.updated);
  const document = into.ownerDocument;
  const held = into.contains(document.activeElement) && document.activeElement.hash;
  into.replaceChildren(
    ...latest.map(({ session, created, updated, running, title }) => {
      const link = document.createElement("a");
      link.href = hashOf(session);
      link.className = running ? "running" : "";
      if (session === current) link.setAttribute("aria-current", "page");
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = names.of(session) ?? title ?? `Chat of ${day(created)}`;
      link.title = session;
      name.dir = "auto";
      const time = document.createElement("time");
      time.dateTime = new Date(updated).toISOString();
      time.textContent = running ? "answering" : ago(now - updated);
      link.append(name, time);
      const item = document.createElement("li");
      item.append(link);
      return item;
    }),
  );
  if (held) [...into.querySelectorAll("a")].find(({ hash }) => hash === held)?.focus();
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
