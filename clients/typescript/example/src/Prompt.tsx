import { useState, type FormEvent } from "react";

interface Props {
  running: boolean;
  send: (prompt: string) => Promise<boolean>;
  stop: () => Promise<boolean>;
}

export function Prompt({ running, send, stop }: Props) {
  const [prompt, setPrompt] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (prompt.trim() !== "" && (await send(prompt))) setPrompt("");
  };
  return (
    <form onSubmit={submit}>
      <input
        aria-label="Prompt"
        autoComplete="off"
        value={prompt}
        onChange={(event) => setPrompt(event.target.value)}
      />
      {running ? (
        <button type="button" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="submit">Send</button>
      )}
    </form>
  );
}
