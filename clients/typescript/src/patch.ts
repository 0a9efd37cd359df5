import type { Patch, StepCommittedEvent } from "./events.ts";

/** Returns the state with the patches of a commit applied. The old state is not modified. */
export function applyPatches<State extends object>(
  state: State,
  patches: StepCommittedEvent<State>["patches"] = {},
): State {
  const changed: Record<string, unknown> = { ...(state as Record<string, unknown>) };
  for (const [field, patch] of Object.entries(patches as Record<string, Patch>)) {
    if ("set" in patch) changed[field] = patch.set;
    else if ("entries" in patch) {
      const removed = new Set(patch.entries.remove);
      const kept = Object.entries((changed[field] ?? {}) as object).filter(([key]) => !removed.has(key));
      changed[field] = Object.fromEntries([...kept, ...Object.entries(patch.entries.set)]);
    } else {
      const kept = ((changed[field] ?? []) as unknown[]).slice(0, patch.append.keep);
      changed[field] = [...kept, ...patch.append.tail];
    }
  }
  return changed as State;
}
