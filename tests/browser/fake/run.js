// A run of the fake chatbot: prompt, check_safety, choose_mode, then write_code, answer or refuse.

/** Yields the words of an answer until `ctl.stopped`; an exception fails the step. */
export async function* plainScript(prompt) {
  for (const word of `You said: ${prompt}`.split(/(?<= )/)) yield word;
}

export async function run(session, { script, from, prompt, isAlive, ctl }) {
  const append = (type, fields) => {
    if (!isAlive()) throw new Dead();
    return session.append(type, fields);
  };
  const step = (node, next, history, work) => async () => {
    const step = session.step;
    append("step_started", { step, node });
    const text = await work?.(step, node);
    append("step_committed", { step, node, attempt: 1, next, state: {}, history: history(text) });
  };
  const mode = /code|fizz|write/i.test(prompt) ? "write_code" : "answer";
  const refuses = prompt.includes("bomb");
  const last = refuses ? "refuse" : mode;
  const same = () => session.history;
  const next = prompt === "farewell" ? "end" : { pause: "prompt" };
  const steps = {
    prompt: step("prompt", { node: "check_safety" }, () => [...session.history, { role: "user", text: prompt }]),
    check_safety: step("check_safety", { node: refuses ? "refuse" : "choose_mode" }, same),
    ...(refuses ? {} : { choose_mode: step("choose_mode", { node: mode }, same) }),
    [last]: step(last, next, (text) => [...session.history, { role: "assistant", text }], async (step, node) => {
      let text = "";
      for await (const word of script(prompt, ctl)) {
        append("item", { step, node, attempt: ctl.attempt, text: word });
        text += word;
        if (ctl.stopped) break;
      }
      return text;
    }),
  };
  const names = Object.keys(steps);
  for (const name of names.slice(names.indexOf(from))) {
    try {
      await steps[name]();
    } catch (error) {
      if (error instanceof Dead) return;
      const fields = { step: session.step, node: name, error: error.message };
      if (session.uncommitted.length > 0) append("items_superseded", { step: session.step, node: name, items: session.uncommitted.length });
      append("step_failed", fields);
      append("run_failed", { node: name, error: error.message });
      return;
    }
  }
  if (next === "end") append("run_ended");
  else append("run_paused", { node: "prompt" });
}

class Dead extends Error {}
