import { Burdock } from "@burdock/client";
import { useMemo, useState } from "react";
import { Chat } from "./Chat.tsx";
import { SingleRun } from "./SingleRun.tsx";

const burdock = new Burdock("/api");
const VIEWS = { Chat, "Single run": SingleRun };

/** Two views of one session: a chat shared by all clients, and a single run. */
export function App({ id }: { id: string }) {
  const session = useMemo(() => burdock.session(id), [id]);
  const [view, setView] = useState<keyof typeof VIEWS>("Chat");
  const View = VIEWS[view];
  return (
    <>
      <nav aria-label="Views">
        {Object.keys(VIEWS).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === view}
            onClick={() => setView(name as keyof typeof VIEWS)}
          >
            {name}
          </button>
        ))}
      </nav>
      <View session={session} />
    </>
  );
}
