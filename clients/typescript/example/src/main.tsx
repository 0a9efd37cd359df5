import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App.tsx";
import "./style.css";

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App id={sessionId()} />
  </StrictMode>,
);

/** The session of this page stands in its address, so that a reload finds it. */
function sessionId(): string {
  if (location.hash === "") location.replace(`#${crypto.randomUUID()}`);
  return decodeURIComponent(location.hash.slice(1));
}

addEventListener("hashchange", () => location.reload());
