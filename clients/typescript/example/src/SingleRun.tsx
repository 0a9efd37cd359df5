import type { Session } from "@burdock/client";
import { useRun } from "@burdock/client/react";
import { Prompt } from "./Prompt.tsx";

/** A run with the graph's own inputs and its terminal event, which `useSession` does not show. */
export function SingleRun({ session }: { session: Session }) {
  const run = useRun(session, { ifUnfinished: "restart" });
  const { status, text, end, connection, error, start, stop, resume } = run;
  const running = status === "running";
  const reconnecting = running && connection === "waiting";
  const resumable = error?.code === "run_interrupted" || end?.type === "run_failed";
  const send = async (prompt: string) => {
    start({ prompt });
    return true;
  };
  return (
    <main>
      <header>
        <h1>Single run</h1>
        <p role="status">{reconnecting ? "reconnecting …" : (end?.type ?? status)}</p>
      </header>
      <section aria-label="Answer" aria-busy={running}>
        {text !== "" && <article className="assistant">{text}</article>}
      </section>
      {error && <p role="alert">{error.detail}</p>}
      {resumable && (
        <button type="button" onClick={resume}>
          Resume
        </button>
      )}
      <Prompt running={running} send={send} stop={stop} />
    </main>
  );
}
