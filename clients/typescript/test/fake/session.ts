import { FakeLog } from "./log.ts";

export interface Message {
  role: "user" | "assistant";
  text: string;
}

/** Inputs of the fake graph. */
export interface Inputs {
  prompt: string;
  /** Yields these instead of the words of the prompt. */
  items?: unknown[];
  /** Yields half of the items, then fails and retries. */
  retry?: boolean;
  /** Yields half of the items, then fails the run. */
  fail?: boolean;
}

/** A session of the fake graph, which echoes a prompt word by word. */
export class FakeSession {
  readonly log = new FakeLog();
  readonly created = 1_790_000_000_000;
  readonly messages: Message[] = [];
  committed = "1.0";
  position: { at: string; node?: string } = { at: "rest", node: "answer" };
  run = 0;
  step = 0;
  working: Promise<void> | undefined;
  #stop = false;
  #inputs: Inputs = { prompt: "" };
  #epoch = 0;
  /** Number of items that the unfinished step has yielded. */
  #yielded = 0;

  readonly pace: () => Promise<void>;

  constructor(pace: () => Promise<void>) {
    this.pace = pace;
    this.log.append({ type: "session_created" });
  }

  start(inputs: Inputs): void {
    this.run += 1;
    this.#inputs = inputs;
    this.log.append({ type: "run_started", run: this.run, node: "answer", prompt: inputs.prompt });
    this.#work();
  }

  resume(): void {
    this.log.append({ type: "run_resumed", node: "answer" });
    this.#inputs = { ...this.#inputs, fail: false };
    this.#work();
  }

  stop(): void {
    this.#stop = this.working !== undefined;
  }

  /** Simulates a crash of the process, after which another one opens the session. */
  crash(lost: number): void {
    this.#epoch += 1;
    this.working = undefined;
    this.#stop = false;
    this.log.crash(lost);
    this.#yielded = 0;
    for (const { event } of this.log.entries) {
      if (event.type === "item") this.#yielded += 1;
      if (event.type === "items_superseded" || event.type === "step_committed") this.#yielded = 0;
    }
    const started = this.log.entries.some(({ event }) => event.type === "run_started");
    if (!started) this.position = { at: "rest", node: "answer" };
  }

  #supersede(step: number): void {
    this.log.append({ type: "items_superseded", step, node: "answer", items: this.#yielded });
    this.#yielded = 0;
  }

  #work(): void {
    this.position = { at: "unfinished", node: "answer" };
    this.working = this.#answer(this.#epoch);
  }

  async #answer(epoch: number): Promise<void> {
    const step = this.step;
    const node = "answer";
    const { prompt, items: given, retry, fail } = this.#inputs;
    const words: unknown[] = given ?? prompt.split(/(?<= )/);
    const half = words.slice(0, Math.ceil(words.length / 2));
    const end = (event: { type: string; [field: string]: unknown }, at: string) => {
      this.working = undefined;
      this.#stop = false;
      this.position = at === "ended" ? { at } : { at, node };
      this.log.append(event);
    };
    const emit = async (items: unknown[], attempt: number) => {
      for (const item of items) {
        await this.pace();
        if (epoch !== this.#epoch) return false;
        if (this.#stop) return end({ type: "run_stopped", node }, "unfinished"), false;
        this.log.append({ type: "item", step, node, attempt, item });
        this.#yielded += 1;
      }
      return true;
    };
    this.log.append({ type: "step_started", step, node });
    if (this.#yielded > 0) this.#supersede(step);
    if (fail) {
      if (!(await emit(half, 1))) return;
      this.#supersede(step);
      this.log.append({ type: "step_failed", step, node, error: "the model is tired" });
      return end({ type: "run_failed", node, error: "the model is tired" }, "unfinished");
    }
    if (retry) {
      if (!(await emit(half, 1))) return;
      this.log.append({ type: "attempt_failed", step, node, error: "again", retry_in: 1 });
      this.#supersede(step);
    }
    if (!(await emit(words, retry ? 2 : 1))) return;
    this.step += 1;
    this.#yielded = 0;
    this.messages.push({ role: "user", text: prompt }, { role: "assistant", text: prompt });
    const patches = { turns: { set: this.step } };
    this.log.append({ type: "step_committed", step, node, attempt: 1, next: { pause: node }, patches });
    this.committed = this.log.cursor;
    end({ type: "run_paused", node }, "rest");
  }
}
