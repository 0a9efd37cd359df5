// The input for prompts. Its draft survives failures, reloads and switching between chats.

import { keepFocus } from "./focus.js";
import { keep } from "./sessions.js";

const DRAFT = "burdock.draft.";

export class Composer {
  #session = null;
  #sending = false;

  /** `send(prompt)` and `stop()` return promises; rejections are shown to the user. */
  constructor({ form, prompt, send, stop, error }, actions) {
    Object.assign(this, { prompt, sendButton: send, stopButton: stop, errorText: error, actions });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    prompt.addEventListener("keydown", (event) => this.#onKey(event));
    prompt.addEventListener("input", () => this.#onInput());
    stop.addEventListener("click", () => this.#stop());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || isComposing(event) || document.querySelector("dialog[open]")) return;
      if (!stop.hidden) this.#stop();
    });
  }

  /** Shows the draft of a session. */
  open(session) {
    this.#session = session;
    this.prompt.value = sessionStorage.getItem(DRAFT + session) ?? "";
    this.showError("");
    this.#onInput();
  }

  show({ live, status }) {
    const { running } = live;
    if (this.running && !running) this.stopButton.classList.remove("stopping");
    this.running = running;
    this.closed = status === "deleted" || live.position.at === "ended";
    this.#updateButtons();
  }

  /** Called when a run with this prompt has started, which confirms the prompt even if its response was lost. */
  confirmSent(prompt) {
    if (this.unconfirmed === prompt && this.prompt.value === prompt) this.#clear();
    this.unconfirmed = null;
  }

  showError(message) {
    this.errorText.textContent = message;
  }

  #onKey(event) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    this.#send();
  }

  #onInput() {
    const { prompt } = this;
    if (this.#session !== null) keep(DRAFT + this.#session, prompt.value || undefined);
    if (!CSS.supports("field-sizing", "content")) {
      prompt.style.height = "auto";
      prompt.style.height = `${prompt.scrollHeight}px`;
    }
    this.#updateButtons();
  }

  #updateButtons() {
    this.stopButton.hidden = !this.running;
    this.sendButton.hidden = Boolean(this.running);
    this.sendButton.disabled = this.#sending || this.closed || this.prompt.value.trim() === "";
    this.prompt.readOnly = this.#sending;
    this.prompt.disabled = Boolean(this.closed);
  }

  async #send() {
    const prompt = this.prompt.value;
    if (this.#sending || this.closed || this.running || prompt.trim() === "") return;
    const session = this.#session;
    this.#sending = true;
    this.unconfirmed = prompt;
    this.showError("");
    keepFocus(() => this.#updateButtons(), [this.prompt]);
    try {
      await this.actions.send(prompt);
      if (session === this.#session) this.#clear();
      else forgetDraft(session);
    } catch (error) {
      if (this.unconfirmed === prompt) {
        this.showError(`Not sent: ${error.status ? error.message : "the server cannot be reached."}`);
      }
      if (error.status) this.unconfirmed = null;
    } finally {
      this.#sending = false;
      this.#updateButtons();
    }
  }

  async #stop() {
    this.stopButton.classList.add("stopping");
    try {
      await this.actions.stop();
    } catch (error) {
      this.stopButton.classList.remove("stopping");
      this.showError(`Not stopped: ${error.status ? error.message : "the server cannot be reached."}`);
    }
  }

  #clear() {
    this.prompt.value = "";
    this.unconfirmed = null;
    this.showError("");
    this.#onInput();
  }
}

/** Whether a key event belongs to an input method. Safari reports the last one only by its key code. */
const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** Discards the draft of a deleted chat. */
export function forgetDraft(session) {
  keep(DRAFT + session);
}
