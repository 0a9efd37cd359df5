// The example `chatbot` and its log.

import { Program } from "./program.js";

export class Chatbot extends Program {
  /** Returns the texts of a chat in the log: the committed messages, and the current items after them. */
  async log(session) {
    const at = (path) => new URL(`sessions/${session}/${path}`, this.url);
    const { cursor, messages, running, position } = await (await fetch(at("chat"))).json();
    const abort = new AbortController();
    const words = [];
    const response = await fetch(at(`chat/events?from=${cursor}`), { signal: abort.signal });
    const quiet = () => setTimeout(() => abort.abort(), 300);
    let timer = quiet();
    try {
      let rest = "";
      for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(timer);
        timer = quiet();
        const blocks = (rest + bytes).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const event = JSON.parse(/^data: (.*)$/m.exec(block)[1]);
          if (event.type === "item") words.push(event.text);
          if (event.type === "items_superseded") words.splice(-event.items);
        }
      }
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      clearTimeout(timer);
    }
    const uncommitted = words.join("");
    const texts = messages.map(({ text }) => text);
    return { texts: uncommitted ? [...texts, uncommitted] : texts, running, position };
  }
}
