const MAX_DEPTH = 256;

/** What is left to spend on one value. */
interface Budget {
  left: number;
}

function spend(value: unknown, budget: Budget, depth: number): boolean {
  if (typeof value === 'string') budget.left -= value.length;
  budget.left -= 1;
  if (budget.left < 0) return false;
  // Deeper than the encoder goes: it says so at once.
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return true;
  if (value instanceof Uint8Array) {
    budget.left -= value.length;
    return budget.left >= 0;
  }
  if (Array.isArray(value)) {
    return value.length <= budget.left && value.every((item) => spend(item, budget, depth + 1));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // A link, or an instance that the encoder refuses: neither is walked.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return true;
  return Object.entries(value).every(([key, item]) => {
    budget.left -= key.length;
    return spend(item, budget, depth + 1);
  });
}

/**
 * Whether the canonical form of a value may be as short as `maxBytes`: counts a byte for each item, letter and byte,
 * and stops when there are too many. Small values may stand for endless ones (one list in many places of another), so
 * this is asked before a value from outside is encoded. Throws where a getter or proxy of the value does.
 */
export function fitsIn(value: unknown, maxBytes: number): boolean {
  return spend(value, { left: maxBytes }, 0);
}
