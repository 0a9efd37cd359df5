// Changes of a JSON value.

/**
 * Applies a change to a value: `{ path, set }`, `{ path, append }` or `{ path, push }`. Unchanged parts stay the same
 * objects; a change that does not fit is ignored. Objects in `owned` are modified in place, and copies are added to it.
 */
export function grow(value, change, owned = new Set()) {
  if (!Array.isArray(change?.path)) return value;
  return at(value, change, 0, owned);
}

function at(value, change, depth, owned) {
  if (depth === change.path.length) return edited(value, change, owned);
  const key = change.path[depth];
  if (!isPlace(value, key)) return value;
  const child = Object.hasOwn(value, key) ? value[key] : undefined;
  const next = at(child, change, depth + 1, owned);
  if (next === child) return value;
  const copy = own(value, owned);
  // `__proto__` is an ordinary key
  return Object.defineProperty(copy, key, { value: next, configurable: true, enumerable: true, writable: true });
}

/** Whether a value has a place for a key: objects have one for each text, and lists for each of their elements. */
function isPlace(value, key) {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? Number.isInteger(key) && key >= 0 && key < value.length : typeof key === "string";
}

function edited(value, change, owned) {
  if ("set" in change) return change.set;
  if (typeof change.append === "string" && typeof value === "string") return value + change.append;
  if ("push" in change && Array.isArray(value)) {
    const list = own(value, owned);
    list.push(change.push);
    return list;
  }
  return value;
}

function own(value, owned) {
  if (owned.has(value)) return value;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  owned.add(copy);
  return copy;
}
