// The conversation on the page: its messages, and a notice while no run is in progress.

import { keepFocus, scrollable } from "./focus.js";
import { Message } from "./message.js";
import { onNextFrame, Painter } from "./painter.js";
import { isPending } from "./parts.js";
import { messagesOf, noticeOf } from "./store.js";
import { readable } from "./words.js";

/** Distance from the end within which the page scrolls along with new text, in pixels. */
const NEAR = 64;

/** Distance from the top within which older messages are loaded, in pixels. */
const NEAR_TOP = 600;

/** Maximum number of characters of an answer in the live region for screen readers. */
const MAX_ANNOUNCED = 4_000;

/** Messages per group: the browser lays out the messages of a group only if the group is near the viewport. */
const GROUP = 25;

/** The state before the first model. */
const BLANK = { status: "loading", running: false, kind: undefined, notice: "", announcedNotice: "", answer: "", call: "" };

/** Placeholder for an answer before its first word. */
const WAITING = { role: "assistant", text: "", values: [], calls: [], live: true, dropped: "" };

const NOTICES = {
  failed: ({ error }) => [`The answer failed: ${error ?? "unknown error"}`, "Try again"],
  interrupted: () => ["The answer was interrupted.", "Resume"],
  stopped: () => ["The answer was stopped.", "Continue"],
  ended: () => ["This conversation has ended.", "Reopen"],
  deleted: () => ["This chat was deleted.", null],
};

export class View {
  #messages = [];
  #first = 0; // index of the first message in the chat
  #following = true;
  #previous = BLANK;
  #loading = false;
  #unannounced = null; // the latest messages and their model, until they have been drawn
  #hold = null; // the message kept in place while older ones are inserted before it: `{ anchor, top }`
  #painter = new Painter(
    (change) => this.#preservePosition(change),
    () => {
      this.#updateBusy();
      this.#announceDrawn();
    },
  );

  /** `parts` are the elements of the page by id; `act(kind)` performs the action of a notice or a button. */
  constructor(parts, act) {
    this.parts = parts;
    this.act = act;
    const { scroll, latest, log } = parts;
    scroll.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    latest.addEventListener("click", () => keepFocus(() => this.#scrollToEnd(), [parts.prompt]));
    // sizes also change when the browser lays out content near the viewport
    new ResizeObserver(() => (this.#hold ? this.#restorePosition(this.#hold) : this.#update())).observe(log.parentElement);
    new ResizeObserver(() => this.#update()).observe(scroll);
    scrollable(scroll, log.parentElement);
    log.addEventListener("click", (event) => copy(event.target, parts.announcer));
    parts.older.addEventListener("click", () => this.#loadOlder());
    parts["notice-do"].addEventListener("click", () => act(this.#previous.kind));
  }

  /** Removes everything before another session is shown. */
  clear() {
    this.#painter.clear();
    this.#messages = [];
    this.#first = 0;
    this.#following = true;
    this.#hold = null;
    this.#unannounced = null;
    this.#previous = BLANK;
    this.parts.log.replaceChildren();
    this.parts.announcer.textContent = "";
    this.parts.older.hidden = true;
  }

  show(model) {
    const messages = messagesOf(model);
    this.parts.welcome.hidden = messages.length > 0 || model.status === "loading" || model.live.running;
    this.#preservePosition(() => this.#draw(messages, model));
    this.#painter.draw();
    this.#updateBusy();
    this.#showNotice(noticeOf(model), model.live);
    this.#showNote(model);
    this.#unannounced = [messages, model];
    this.#announceDrawn();
  }

  /** Announces once everything has been drawn: announcements are read from the document. */
  #announceDrawn() {
    if (this.#painter.busy || !this.#unannounced) return;
    const [messages, model] = this.#unannounced;
    this.#unannounced = null;
    this.#announce(messages, model);
  }

  /** Scrolls to the end and follows new text, after the user has sent something. */
  followEnd() {
    this.#following = true;
    this.#update();
  }

  #draw(messages, { live, base }) {
    const { log } = this.parts;
    const last = messages.at(-1);
    const waiting = live.running && !last?.live && !last?.calls?.some(isPending);
    const all = waiting ? [...messages, WAITING] : messages;
    this.#insertOlder(base.first, all);
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
  #insertOlder(first, all) {
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

  /** Removes the messages from an index to the end. */
  #remove(from) {
    const { log } = this.parts;
    for (const { element } of this.#messages.splice(from)) element.remove();
    while (log.lastChild && log.lastChild.childNodes.length === 0) log.lastChild.remove();
  }

  /** Sets `aria-busy` while drawing is in progress. */
  #updateBusy() {
    const busy = String(this.#painter.busy);
    if (this.parts.log.getAttribute("aria-busy") !== busy) this.parts.log.setAttribute("aria-busy", busy);
  }

  async #loadOlder() {
    if (this.#loading || this.parts.older.hidden) return;
    this.#loading = true;
    this.#holdPosition();
    try {
      await this.act("older");
    } finally {
      this.#loading = false;
      this.#releasePosition();
    }
  }

  /** Keeps the first visible message in place. The browser's scroll anchoring does not work at the top, or is missing. */
  #holdPosition() {
    const anchor = this.#firstVisible();
    if (!anchor) return;
    this.#hold = { anchor, top: anchor.getBoundingClientRect().top };
    this.parts.scroll.classList.add("held");
  }

  /** Stops keeping it in place once everything has been drawn and laid out. */
  #releasePosition() {
    const hold = this.#hold;
    const release = () => {
      if (this.#hold !== hold || this.#loading) return;
      if (this.#painter.busy) return onNextFrame(release);
      this.#hold = null;
      this.parts.scroll.classList.remove("held");
    };
    onNextFrame(() => onNextFrame(release));
  }

  #restorePosition({ anchor, top }) {
    if (!anchor?.isConnected) return;
    const moved = anchor.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 1) this.parts.scroll.scrollTop += moved;
  }

  /** Changes the messages and keeps the scroll position: at the end, or at the first visible message. */
  #preservePosition(change) {
    if (this.#following && !this.#hold) {
      change();
      return this.#update();
    }
    const anchor = this.#firstVisible();
    const hold = this.#hold ?? { anchor, top: anchor?.getBoundingClientRect().top };
    change();
    this.#restorePosition(hold);
  }

  /** Returns the first visible message. Groups are measured first: measuring a message would lay out its group. */
  #firstVisible() {
    const { scroll, log } = this.parts;
    const top = scroll.getBoundingClientRect().top;
    const group = firstBelow(log.childNodes, top);
    return group && firstBelow(group.childNodes, top);
  }

  #showNotice(notice, { retry }) {
    const { notice: element, "notice-text": text, "notice-do": button } = this.parts;
    let content = null;
    if (retry) content = [`Retrying after an error: ${retry.error ?? "unknown error"}`, null];
    else if (notice) content = NOTICES[notice.kind](notice);
    element.hidden = !content;
    element.className = `notice ${notice?.kind ?? "wait"}`;
    text.textContent = content?.[0] ?? "";
    const hasAction = Boolean(content?.[1]) && (notice.unfinished || notice.kind === "ended");
    button.hidden = !hasAction;
    button.textContent = hasAction ? content[1] : "";
    this.#previous = { ...this.#previous, kind: notice?.kind, notice: text.textContent };
  }

  #showNote({ note }) {
    if (this.parts.note.textContent !== note) this.parts.note.textContent = note;
  }

  /** Announces to screen readers that an answer has started, and its text once it is complete. */
  #announce(messages, { live, status }) {
    const { announcer } = this.parts;
    const last = messages.at(-1);
    // an answer may be complete before the page has shown it as in progress
    const isAnswer = !live.running && last?.role === "assistant";
    const answer = isAnswer ? `${this.#first + messages.length} ${last.text.slice(0, MAX_ANNOUNCED)} ${last.text.length}` : "";
    const before = this.#previous;
    const call = last?.calls?.findLast(isPending)?.name ?? "";
    this.#previous = { ...before, status, running: live.running, announcedNotice: before.notice, answer: answer || before.answer, call };
    if (before.status === "loading") return; // the existing messages are not announced
    if (live.running && !before.running) announcer.textContent = "Answering.";
    else if (live.running && call && call !== before.call) announcer.textContent = `Calling ${readable(call)}.`;
    else if (before.notice) {
      if (before.notice !== before.announcedNotice) announcer.textContent = before.notice;
    } else if (answer && answer !== before.answer) {
      const { text, whole } = this.#answerInWords();
      announcer.textContent = `${text} ${whole ? "End of the answer." : "The rest of the answer is in the conversation."}`;
    }
  }

  /** Returns the messages after the last prompt in words. */
  #answerInWords() {
    const parts = this.#messages.slice(this.#messages.findLastIndex(({ role }) => role === "user") + 1);
    let [text, isWhole] = ["", true];
    for (const part of parts) {
      const words = part.words(MAX_ANNOUNCED - text.length);
      text += `${text && " "}${words.text}`;
      isWhole &&= words.whole;
    }
    return { text, whole: isWhole };
  }

  #onScroll() {
    const { scroll, latest } = this.parts;
    if (this.#hold) this.#hold.top = this.#hold.anchor.getBoundingClientRect().top;
    this.#following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
    latest.hidden = this.#following;
    if (scroll.scrollTop < NEAR_TOP && !this.#painter.busy) this.#loadOlder();
  }

  #update() {
    if (this.#following) this.#scrollToEnd();
    else this.#onScroll();
  }

  #scrollToEnd() {
    const { scroll } = this.parts;
    scroll.scrollTop = scroll.scrollHeight;
    this.#following = true;
    this.parts.latest.hidden = true;
  }
}

function group(document, messages) {
  const element = document.createElement("div");
  element.className = "group";
  element.append(...messages.map((message) => message.element));
  return element;
}

/** Returns the first element that ends below a line, by binary search: there may be thousands. */
function firstBelow(elements, line) {
  let [low, high] = [0, elements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (elements[middle].getBoundingClientRect().bottom > line) high = middle;
    else low = middle + 1;
  }
  return elements[low];
}

/** Copies the code block of a button, including its continuations. */
async function copy(button, announcer) {
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
    // no permission, or no secure context: select it for manual copying
    getSelection().setBaseAndExtent(pres[0], 0, pres.at(-1), pres.at(-1).childNodes.length);
    button.textContent = "Selected";
  }
  announcer.textContent = `${button.textContent}.`;
  setTimeout(() => (button.textContent = "Copy"), 1600);
}
