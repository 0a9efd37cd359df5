// The conversation on the page: messages, and what is left to do when nothing runs.

import { keeping, scrollable } from "./focus.js";
import { Message } from "./message.js";
import { Painter, soon } from "./painter.js";
import { open, shown } from "./store.js";

/** How close to its end a reader has to be, to be taken along. */
const NEAR = 64;

/** How close to the beginning older messages are loaded. */
const NEAR_TOP = 600;

/** Maximum number of characters of an answer in the live region for screen readers. */
const TOLD = 4_000;

/** Messages per group: the browser lays out the messages of a group only if the group is near the viewport. */
const GROUP = 25;

/** Before anything was shown. */
const NOTHING = { known: "loading", running: false, kind: undefined, said: "", told: "", answer: "" };

/** What stands for an answer before its first word. */
const WAITING = { role: "assistant", text: "", live: true, dropped: "" };

const NOTICES = {
  failed: ({ error }) => [`The answer failed: ${error ?? "no reason was given"}`, "Try again"],
  interrupted: () => ["The answer was interrupted.", "Answer again"],
  stopped: () => ["Stopped before the answer was done.", "Go on"],
  ended: () => ["This conversation has come to its end.", "Open it again"],
  deleted: () => ["This chat was deleted.", null],
};

export class View {
  #messages = [];
  #first = 0; // the index of the first of them in the chat
  #stuck = true;
  #was = NOTHING;
  #loading = false;
  #unannounced = null; // the latest messages and their model, until they are drawn
  #hold = null; // the message that is kept in place while older ones are inserted before it: `{ anchor, top }`
  #painter = new Painter(
    (change) => this.#around(change),
    () => {
      this.#busy();
      this.#announceDrawn();
    },
  );

  /** `parts` are the elements of the page by their ids; `act(kind)` does what a notice or a button offers. */
  constructor(parts, act) {
    this.parts = parts;
    this.act = act;
    const { scroll, latest, log } = parts;
    scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    latest.addEventListener("click", () => keeping(() => this.#toEnd(), [parts.prompt]));
    // sizes also change when the browser lays out what comes near the viewport
    new ResizeObserver(() => (this.#hold ? this.#keep(this.#hold) : this.#follow())).observe(log.parentElement);
    new ResizeObserver(() => this.#follow()).observe(scroll);
    scrollable(scroll, log.parentElement);
    log.addEventListener("click", (event) => copy(event.target, parts.said));
    parts.older.addEventListener("click", () => this.#older());
    parts["notice-do"].addEventListener("click", () => act(this.#was.kind));
  }

  /** Another session: nothing of the one before stays. */
  clear() {
    this.#painter.clear();
    this.#messages = [];
    this.#first = 0;
    this.#stuck = true;
    this.#hold = null;
    this.#unannounced = null;
    this.#was = NOTHING;
    this.parts.log.replaceChildren();
    this.parts.said.textContent = "";
    this.parts.older.hidden = true;
  }

  show(model) {
    const messages = shown(model);
    this.parts.welcome.hidden = messages.length > 0 || model.known === "loading" || model.live.running;
    this.#around(() => this.#draw(messages, model));
    this.#painter.draw();
    this.#busy();
    this.#notice(open(model), model.live);
    this.#unannounced = [messages, model];
    this.#announceDrawn();
  }

  /** Announces once everything is drawn: what is announced is read from the document. */
  #announceDrawn() {
    if (this.#painter.busy || !this.#unannounced) return;
    const [messages, model] = this.#unannounced;
    this.#unannounced = null;
    this.#announce(messages, model);
  }

  /** Goes along with the end again: somebody has just said something. */
  stick() {
    this.#stuck = true;
    this.#follow();
  }

  #draw(messages, { live, base }) {
    const { log } = this.parts;
    const waits = live.running && !messages.at(-1)?.live;
    const all = waits ? [...messages, WAITING] : messages;
    this.#begin(base.first, all);
    this.#remove(all.length);
    all.forEach((message, index) => {
      let drawn = this.#messages[index];
      if (drawn && drawn.role !== message.role) {
        this.#remove(index);
        drawn = undefined;
      }
      if (!drawn) {
        drawn = this.#messages[index] = new Message(log.ownerDocument, message.role);
        if (!log.lastChild || log.lastChild.childNodes.length >= GROUP) log.append(group(log.ownerDocument, []));
        log.lastChild.append(drawn.element);
      }
      drawn.show(message, this.#painter);
    });
    this.parts.older.hidden = base.first === 0;
  }

  /** Inserts elements for older messages before the first one. */
  #begin(first, all) {
    const { log } = this.parts;
    const count = this.#first - first;
    this.#first = first;
    if (count === 0 || this.#messages.length === 0) return;
    if (count < 0) return this.#remove(0);
    const before = all.slice(0, count).map(({ role }) => new Message(log.ownerDocument, role));
    for (let end = count; end > 0; end -= GROUP) {
      log.prepend(group(log.ownerDocument, before.slice(Math.max(0, end - GROUP), end)));
    }
    this.#messages.unshift(...before);
  }

  /** Removes the messages from an index on. */
  #remove(from) {
    const { log } = this.parts;
    for (const { element } of this.#messages.splice(from)) element.remove();
    while (log.lastChild && log.lastChild.childNodes.length === 0) log.lastChild.remove();
  }

  /** Sets `aria-busy` while something is left to draw. */
  #busy() {
    const busy = String(this.#painter.busy);
    if (this.parts.log.getAttribute("aria-busy") !== busy) this.parts.log.setAttribute("aria-busy", busy);
  }

  async #older() {
    if (this.#loading || this.parts.older.hidden) return;
    this.#loading = true;
    this.#holdOn();
    try {
      await this.act("older");
    } finally {
      this.#loading = false;
      this.#letGo();
    }
  }

  /** Keeps the message in sight in place. Scroll anchoring of the browser does not work at the top, or not at all. */
  #holdOn() {
    const anchor = this.#inSight();
    if (!anchor) return;
    this.#hold = { anchor, top: anchor.getBoundingClientRect().top };
    this.parts.scroll.classList.add("held");
  }

  /** Ends that once everything is drawn and laid out. */
  #letGo() {
    const hold = this.#hold;
    const again = () => {
      if (this.#hold !== hold || this.#loading) return;
      if (this.#painter.busy) return soon(again);
      this.#hold = null;
      this.parts.scroll.classList.remove("held");
    };
    soon(() => soon(again));
  }

  #keep({ anchor, top }) {
    if (!anchor?.isConnected) return;
    const moved = anchor.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 1) this.parts.scroll.scrollTop += moved;
  }

  /** Changes the messages and keeps the scroll position: the message in sight, or the end. */
  #around(change) {
    if (this.#stuck && !this.#hold) {
      change();
      return this.#follow();
    }
    const anchor = this.#inSight();
    const hold = this.#hold ?? { anchor, top: anchor?.getBoundingClientRect().top };
    change();
    this.#keep(hold);
  }

  /** The first message in sight. Groups are measured first: measuring a message in a group out of sight would lay out that group. */
  #inSight() {
    const { scroll, log } = this.parts;
    const top = scroll.getBoundingClientRect().top;
    const group = firstBelow(log.childNodes, top);
    return group && firstBelow(group.childNodes, top);
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
    const isAnswer = !live.running && last?.role === "assistant";
    const answer = isAnswer ? `${this.#first + messages.length} ${last.text.slice(0, TOLD)} ${last.text.length}` : "";
    const before = this.#was;
    this.#was = { ...before, known, running: live.running, told: before.said, answer: answer || before.answer };
    if (before.known === "loading") return; // what was said before is there to be read
    if (live.running && !before.running) said.textContent = "Answering.";
    else if (before.said) {
      if (before.said !== before.told) said.textContent = before.said;
    } else if (answer && answer !== before.answer) {
      const { text, whole } = this.#messages.at(-1).words(TOLD);
      said.textContent = `${text} ${whole ? "End of the answer." : "The rest of the answer is in the conversation."}`;
    }
  }

  #scrolled() {
    const { scroll, latest } = this.parts;
    if (this.#hold) this.#hold.top = this.#hold.anchor.getBoundingClientRect().top;
    this.#stuck = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    latest.hidden = this.#stuck;
    if (scroll.scrollTop < NEAR_TOP && !this.#painter.busy) this.#older();
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

function group(document, messages) {
  const element = document.createElement("div");
  element.className = "group";
  element.append(...messages.map((message) => message.element));
  return element;
}

/** The first element that ends below a line. A binary search: there may be thousands. */
function firstBelow(elements, line) {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (elements[middle].getBoundingClientRect().bottom > line) high = middle;
    else low = middle + 1;
  }
  return elements[low];
}

/** Copies the code that a button belongs to, with the blocks that continue it. */
async function copy(button, said) {
  if (!button.classList.contains("copy")) return;
  const code = button.closest(".code");
  const all = [...button.closest(".body").querySelectorAll(".code")];
  const after = all.slice(all.indexOf(code) + 1);
  const end = after.findIndex(({ classList }) => !classList.contains("continued"));
  const pres = [code, ...after.slice(0, end < 0 ? after.length : end)].map((one) => one.querySelector("pre"));
  try {
    await navigator.clipboard.writeText(pres.map(({ textContent }) => textContent).join(""));
    button.textContent = "Copied";
  } catch {
    // no permission, or no secure context: let the reader do it
    getSelection().setBaseAndExtent(pres[0], 0, pres.at(-1), pres.at(-1).childNodes.length);
    button.textContent = "Selected";
  }
  said.textContent = `${button.textContent}.`;
  setTimeout(() => (button.textContent = "Copy"), 1600);
}
