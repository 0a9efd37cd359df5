import { ConnectionLost, ProtocolError } from "./errors.ts";
import { SseParser, type SsePart } from "./sse.ts";

/** Reads an event stream; throws `ConnectionLost` when no byte comes for so long. */
export async function* parts(
  answer: Response,
  silence: number,
  signal: AbortSignal,
): AsyncGenerator<SsePart, void, undefined> {
  const type = answer.headers.get("content-type") ?? "nothing";
  if (!/^text\/event-stream\b/i.test(type) || answer.body === null) {
    await answer.body?.cancel();
    throw new ProtocolError(`the server answered with ${type} instead of text/event-stream`);
  }
  signal.throwIfAborted();
  const parser = new SseParser();
  const reader = answer.body.getReader();
  let silent = false;
  const leave = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave);
  try {
    for (;;) {
      // The clock runs only while bytes are waited for: a consumer may take its time.
      const timer = setTimeout(() => ((silent = true), leave()), silence);
      const read = reader.read().catch((error: unknown) => ({ broken: error }));
      const piece = await read.finally(() => clearTimeout(timer));
      signal.throwIfAborted();
      if ("broken" in piece) throw new ConnectionLost("the connection broke", undefined, piece.broken);
      if (silent) throw new ConnectionLost(`nothing came for ${silence} ms`);
      if (piece.done) return;
      yield* parser.push(piece.value);
    }
  } finally {
    signal.removeEventListener("abort", leave);
    leave();
  }
}
