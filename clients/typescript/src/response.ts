import { ConnectionLostError, ProtocolError } from "./errors.ts";
import { SseParser, type SsePart } from "./sse.ts";

/** Reads an event stream. Throws `ConnectionLostError` if no byte arrives for `idleTimeout` milliseconds. */
export async function* parseEvents(
  response: Response,
  idleTimeout: number,
  signal: AbortSignal,
): AsyncGenerator<SsePart, void, undefined> {
  const type = response.headers.get("content-type") ?? "no content type";
  if (!/^text\/event-stream\b/i.test(type) || response.body === null) {
    await response.body?.cancel();
    throw new ProtocolError(`expected text/event-stream from the server, got ${type}`);
  }
  signal.throwIfAborted();
  const parser = new SseParser();
  const reader = response.body.getReader();
  let timedOut = false;
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      // The timer runs only while waiting for bytes: a slow consumer is not a dead connection.
      const timer = setTimeout(() => ((timedOut = true), cancel()), idleTimeout);
      const read = reader.read().catch((error: unknown) => ({ broken: error }));
      const chunk = await read.finally(() => clearTimeout(timer));
      signal.throwIfAborted();
      if ("broken" in chunk) throw new ConnectionLostError("the connection was reset", undefined, chunk.broken);
      if (timedOut) throw new ConnectionLostError(`no data for ${idleTimeout} ms`);
      if (chunk.done) return;
      yield* parser.push(chunk.value);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
  }
}
