import type { ChatCall, Session } from "@burdock/client";
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
        {messages.map(({ role, text, values, calls }, index) => (
          <article key={first + index} className={role} aria-label={role}>
            {values?.map(({ name, value }) => <pre key={name}>{`${name} ${JSON.stringify(value, null, 2)}`}</pre>)}
            {text}
            {calls?.map((call, index) => <Call key={index} call={call} running={status === "running"} />)}
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

/** A call of a tool: its name and last progress, and inside its arguments and its result. */
function Call({ call: { name, arguments: input, text, progress, result }, running }: { call: ChatCall; running: boolean }) {
  return (
    <details>
      <summary>
        {name}: {result?.status ?? (running ? String(progress?.at(-1) ?? "…") : "no result")}
      </summary>
      <pre>{input === undefined ? text : JSON.stringify(input, null, 2)}</pre>
      {result && <pre>{result.text}</pre>}
    </details>
  );
}
