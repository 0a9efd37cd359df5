// The dialog that confirms the deletion of a chat.

/**
 * `remove(chat)` returns a promise; if it rejects, the dialog shows the error.
 *
 * When the dialog closes, the focus returns to the button that opened it. It is looked up by id, because the
 * list may have been drawn again in the meantime. If its chat is gone, the element returned by `next()` is
 * focused instead.
 */
export class Deletion {
  #parts;
  #remove;
  #next;
  #chat = null;
  #opener = "";

  constructor(parts, remove, next) {
    this.#parts = parts;
    this.#remove = remove;
    this.#next = next;
    parts["delete-no"].addEventListener("click", () => parts.delete.close());
    parts["delete-yes"].addEventListener("click", () => this.#confirm());
    parts.delete.addEventListener("close", () => this.#closed());
  }

  ask(chat, name, opener) {
    this.#chat = chat;
    this.#opener = opener.id;
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
    } catch (error) {
      failed.textContent = `Not deleted: ${error.status ? error.message : "the server cannot be reached."}`;
      yes.disabled = false;
    }
  }

  #closed() {
    this.#chat = null;
    (document.getElementById(this.#opener) ?? this.#next()).focus();
  }
}
