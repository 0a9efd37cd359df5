import type { Session } from "@burdock/client";
import { useRun } from "@burdock/client/react";
import { Prompt } from "./Prompt.tsx";

/** What `useSession` does not show: how a run ended, and the graph's own inputs. */
export function SingleRun({ session }: { session: Session }) {
  const run = useRun(session, { ifUnfinished: "restart" });
  const { status, text, end, connection, error, start, stop, resume } = run;
  const running = status === "running";
  const lost = running && connection === "waiting";
  const left = error?.code === "run_interrupted" || end?.type === "run_failed";
  const send = async (prompt: string) => {
    start({ prompt });
    return true;
  };
  return (
    <main>
      <header>
        <h1>Single run</h1>
        <p role="status">{lost ? "reconnecting …" : (end?.type ?? status)}</p>
      </header>
      <section aria-label="Answer" aria-busy={running}>
        {text !== "" && <article className="assistant">{text}</article>}
      </section>
      {error && <p role="alert">{error.detail}</p>}
      {left && (
        <button type="button" onClick={resume}>
          Resume
        </button>
      )}
      <Prompt running={running} send={send} stop={stop} />
    </main>
  );
}
