// The dialog that confirms the deletion of a chat.

/** Asks in a dialog. `remove(chat)` returns a promise; if it rejects, the dialog shows why. `removed()` is called at the end. */
export class Deletion {
  #parts;
  #remove;
  #removed;
  #chat = null;

  constructor(parts, remove, removed) {
    this.#parts = parts;
    this.#remove = remove;
    this.#removed = removed;
    parts["delete-no"].addEventListener("click", () => parts.delete.close());
    parts["delete-yes"].addEventListener("click", () => this.#confirm());
    parts.delete.addEventListener("close", () => (this.#chat = null));
  }

  ask(chat, name) {
    this.#chat = chat;
    this.#parts["delete-name"].textContent = name;
    this.#parts["delete-failed"].textContent = "";
    this.#parts["delete-yes"].disabled = false;
    this.#parts.delete.showModal();
  }

  async #confirm() {
    const { delete: dialog, "delete-yes": yes, "delete-failed": failed, "delete-no": no } = this.#parts;
    const chat = this.#chat;
    if (!chat || yes.disabled) return;
    yes.disabled = true;
    no.focus();
    try {
      await this.#remove(chat);
      if (this.#chat === chat) dialog.close();
      this.#removed();
    } catch (error) {
      failed.textContent = `Not deleted: ${error.status ? error.message : "the server cannot be reached."}`;
      yes.disabled = false;
    }
  }
}
