import type { Session } from "@burdock/client";
import { useSession } from "@burdock/client/react";
import { Prompt } from "./Prompt.tsx";

export function Chat({ session }: { session: Session }) {
  const { title, messages, first, status, connection, error, send, stop, retry, loadOlder } = useSession(session);
  return (
    <main>
      <header>
        <h1>{title || "Chat"}</h1>
        <p role="status">{connection === "waiting" ? "reconnecting …" : status}</p>
      </header>
      <section aria-label="Messages" aria-busy={status === "running"}>
        {first > 0 && (
          <button type="button" onClick={loadOlder}>
            Older messages
          </button>
        )}
        {messages.map(({ role, text }, index) => (
          <article key={first + index} className={role} aria-label={role}>
            {text}
          </article>
        ))}
      </section>
      {error && <p role="alert">{error.detail}</p>}
      {status === "unfinished" && (
        <button type="button" onClick={retry}>
          Retry
        </button>
      )}
      <Prompt running={status === "running"} send={send} stop={stop} />
    </main>
  );
}
