import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import "./style.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App id={sessionId()} />
  </StrictMode>,
);

/** Returns the session id in the URL hash, which survives a reload. */
function sessionId(): string {
  if (location.hash === "") location.replace(`#${crypto.randomUUID()}`);
  return decodeURIComponent(location.hash.slice(1));
}

addEventListener("hashchange", () => location.reload());
