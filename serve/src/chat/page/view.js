// The conversation on the page: messages, and what is left to do when nothing runs.

import { keeping, scrollable } from "./focus.js";
import { show } from "./render.js";
import { open, shown } from "./store.js";

/** How close to its end a reader has to be, to be taken along. */
const NEAR = 64;

/** Before anything was shown. */
const NOTHING = { known: "loading", running: false, kind: undefined, said: "", told: "", answer: "" };

const NOTICES = {
  failed: ({ error }) => [`The answer failed: ${error ?? "no reason was given"}`, "Try again"],
  interrupted: () => ["The answer was interrupted.", "Answer again"],
  stopped: () => ["Stopped before the answer was done.", "Go on"],
  ended: () => ["This conversation has come to its end.", "Open it again"],
  deleted: () => ["This chat was deleted.", null],
};

export class View {
  #messages = [];
  #stuck = true;
  #was = NOTHING;

  /** `parts` are the elements of the page by their ids; `act(kind)` does what a notice offers. */
  constructor(parts, act) {
    this.parts = parts;
    const { scroll, latest, log } = parts;
    scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    latest.addEventListener("click", () => keeping(() => this.#toEnd(), [parts.prompt]));
    new ResizeObserver(() => this.#follow()).observe(log.parentElement);
    new ResizeObserver(() => this.#follow()).observe(scroll);
    scrollable(scroll, log.parentElement);
    log.addEventListener("click", (event) => copy(event.target, parts.said));
    parts["notice-do"].addEventListener("click", () => act(this.#was.kind));
  }

  /** Another session: nothing of the one before stays. */
  clear() {
    this.#messages = [];
    this.#stuck = true;
    this.#was = NOTHING;
    this.parts.log.replaceChildren();
    this.parts.said.textContent = "";
  }

  show(model) {
    const messages = shown(model);
    this.parts.welcome.hidden = messages.length > 0 || model.known === "loading" || model.live.running;
    this.#draw(messages, model.live);
    this.#notice(open(model), model.live);
    this.#announce(messages, model);
    this.#follow();
  }

  /** Goes along with the end again: somebody has just said something. */
  stick() {
    this.#stuck = true;
    this.#follow();
  }

  #draw(messages, live) {
    const { log } = this.parts;
    const waits = live.running && !messages.at(-1)?.live;
    const all = waits ? [...messages, { role: "assistant", text: "", live: true, dropped: "" }] : messages;
    while (this.#messages.length > all.length) this.#messages.pop().element.remove();
    all.forEach((message, index) => {
      let drawn = this.#messages[index];
      if (drawn && drawn.role !== message.role) {
        this.#messages.splice(index).forEach(({ element }) => element.remove());
        drawn = undefined;
      }
      drawn ??= this.#messages[index] = made(log, message.role);
      fill(drawn, message);
    });
  }

  #notice(left, { wait }) {
    const { notice, "notice-text": text, "notice-do": button } = this.parts;
    let said = null;
    if (wait) said = [`${wait.error ?? "It failed."} Trying again.`, null];
    else if (left) said = NOTICES[left.kind](left);
    notice.hidden = !said;
    notice.className = `notice ${left?.kind ?? "wait"}`;
    text.textContent = said?.[0] ?? "";
    const offers = Boolean(said?.[1]) && (left.unfinished || left.kind === "ended");
    button.hidden = !offers;
    button.textContent = offers ? said[1] : "";
    this.#was = { ...this.#was, kind: left?.kind, said: text.textContent };
  }

  /** What a screen reader says: that an answer is on its way, and the whole of it once it is there. */
  #announce(messages, { live, known }) {
    const { said } = this.parts;
    const last = messages.at(-1);
    // an answer may have come before the page saw that it was on its way
    const answer = !live.running && last?.role === "assistant" ? `${messages.length} ${last.text}` : "";
    const before = this.#was;
    this.#was = { ...before, known, running: live.running, told: before.said, answer: answer || before.answer };
    if (before.known === "loading") return; // what was said before is there to be read
    if (live.running && !before.running) said.textContent = "Answering.";
    else if (before.said) {
      if (before.said !== before.told) said.textContent = before.said;
    } else if (answer && answer !== before.answer) {
      said.textContent = `${plain(this.#messages.at(-1))} End of the answer.`;
    }
  }

  #scrolled() {
    const { scroll, latest } = this.parts;
    this.#stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    latest.hidden = this.#stuck;
  }

  #follow() {
    if (this.#stuck) this.#toEnd();
    else this.#scrolled();
  }

  #toEnd() {
    const { scroll } = this.parts;
    scroll.scrollTop = scroll.scrollHeight;
    this.#stuck = true;
    this.parts.latest.hidden = true;
  }
}

function made(log, role) {
  const document = log.ownerDocument;
  const element = document.createElement("article");
  element.className = `message ${role}`;
  const who = document.createElement("h2");
  who.className = "unseen";
  who.textContent = role === "user" ? "You" : "Answer";
  const dropped = document.createElement("div");
  dropped.className = "dropped";
  const body = document.createElement("div");
  body.className = "body";
  body.dir = "auto";
  element.append(who, dropped, body);
  log.append(element);
  return { role, element, body, dropped, text: null, live: false, gone: "" };
}

function fill(drawn, { role, text, live, dropped }) {
  if (drawn.text !== text || drawn.live !== live) {
    if (role === "user") drawn.body.textContent = text;
    else show(drawn.body, text, { grows: live });
  }
  if (drawn.gone !== dropped) show(drawn.dropped, dropped);
  drawn.dropped.hidden = dropped === "";
  drawn.element.classList.toggle("live", live);
  drawn.element.classList.toggle("waiting", live && text === "");
  drawn.element.setAttribute("aria-busy", String(live));
  Object.assign(drawn, { text, live, gone: dropped });
}

const plain = (drawn) => drawn?.body.textContent ?? "";

/** Copies the code that a button belongs to. */
async function copy(button, said) {
  if (!button.classList.contains("copy")) return;
  const code = button.closest(".code").querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(code);
    button.textContent = "Copied";
  } catch {
    // no permission, or no secure context: let the reader do it
    getSelection().selectAllChildren(button.closest(".code").querySelector("pre"));
    button.textContent = "Selected";
  }
  said.textContent = `${button.textContent}.`;
  setTimeout(() => (button.textContent = "Copy"), 1600);
}
