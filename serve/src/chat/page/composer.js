// The box for the prompt. What is in it is lost to no failure, no reload and no other chat.

import { keeping } from "./focus.js";
import { keep } from "./sessions.js";

const DRAFT = "burdock.draft.";

export class Composer {
  #session = null;
  #sending = false;

  /** `send(prompt)` and `stop()` return promises; what they are rejected with is told. */
  constructor({ form, prompt, send, stop, refused }, acts) {
    Object.assign(this, { prompt, button: send, stopper: stop, refused, acts });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    prompt.addEventListener("keydown", (event) => this.#key(event));
    prompt.addEventListener("input", () => this.#typed());
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
    this.refuse("");
    this.#typed();
  }

  show({ live, known }) {
    const { running } = live;
    if (this.running && !running) this.stopper.classList.remove("stopping");
    this.running = running;
    this.shut = known === "deleted" || live.position.at === "ended";
    this.#buttons();
  }

  /** The server has begun a run with this prompt: if its answer was lost, it was not lost itself. */
  arrived(prompt) {
    if (this.unsure === prompt && this.prompt.value === prompt) this.#clear();
    this.unsure = null;
  }

  refuse(why) {
    this.refused.textContent = why;
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
    event.preventDefault();
    this.#send();
  }

  #typed() {
    const { prompt } = this;
    if (this.#session !== null) keep(DRAFT + this.#session, prompt.value || undefined);
    if (!CSS.supports("field-sizing", "content")) {
      prompt.style.height = "auto";
      prompt.style.height = `${prompt.scrollHeight}px`;
    }
    this.#buttons();
  }

  #buttons() {
    this.stopper.hidden = !this.running;
    this.button.hidden = Boolean(this.running);
    this.button.disabled = this.#sending || this.shut || this.prompt.value.trim() === "";
    this.prompt.readOnly = this.#sending;
    this.prompt.disabled = Boolean(this.shut);
  }

  async #send() {
    const prompt = this.prompt.value;
    if (this.#sending || this.shut || this.running || prompt.trim() === "") return;
    const session = this.#session;
    this.#sending = true;
    this.unsure = prompt;
    this.refuse("");
    keeping(() => this.#buttons(), [this.prompt]);
    try {
      await this.acts.send(prompt);
      if (session === this.#session) this.#clear();
      else forgetDraft(session);
    } catch (error) {
      if (this.unsure === prompt) this.refuse(`Not sent: ${error.status ? error.message : "the server cannot be reached."}`);
      if (error.status) this.unsure = null;
    } finally {
      this.#sending = false;
      this.#buttons();
    }
  }

  async #stop() {
    this.stopper.classList.add("stopping");
    try {
      await this.acts.stop();
    } catch (error) {
      this.stopper.classList.remove("stopping");
      this.refuse(`Not stopped: ${error.status ? error.message : "the server cannot be reached."}`);
    }
  }

  #clear() {
    this.prompt.value = "";
    this.unsure = null;
    this.refuse("");
    this.#typed();
  }
}

/** Whether a key chooses among characters; Safari's last one of them says so by its code alone. */
const isComposing = (event) => event.isComposing || event.keyCode === 229;

/** A chat is deleted: its draft goes with it. */
export function forgetDraft(session) {
  keep(DRAFT + session);
}
