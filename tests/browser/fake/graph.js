// The response of the chatbot to `GET /graph`.

const node = (name, docs, streams = false) => ({ name, action: name, docs, streams, reads: [], writes: [], inputs: [], resources: [], params: [] });
const edge = (from, to, label = null) => ({ from, to: { kind: "node", node: to }, label, kind: "transition" });
const pause = (from) => ({ from, to: { kind: "pause", node: "prompt" }, label: null, kind: "transition" });

export const GRAPH = {
  name: "Chatbot",
  docs: "Answers a prompt in the mode that fits it.\n\nRefuses unsafe prompts.",
  state: "Chat",
  start: "prompt",
  nodes: [
    node("prompt", "Puts the prompt into the history."),
    node("check_safety", "Looks for words that are better left unanswered."),
    node("choose_mode", "Finds out whether the user wants a program or an explanation."),
    node("write_code", "Lets the model answer, piece by piece.", true),
    node("answer", "Lets the model answer, piece by piece.", true),
    node("refuse", "Declines to answer.", true),
  ],
  edges: [
    edge("prompt", "check_safety"),
    edge("check_safety", "choose_mode", "state.safe"),
    edge("check_safety", "refuse", "else"),
    edge("choose_mode", "write_code", "Mode::Code"),
    edge("choose_mode", "answer", "Mode::Question"),
    pause("write_code"),
    pause("answer"),
    pause("refuse"),
  ],
  inputs: [{ name: "prompt", ty: "String", optional: false }],
  resources: [{ name: "llm", ty: "Llm", optional: false }],
  yields: "Delta",
  fields: [],
};
