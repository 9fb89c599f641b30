/** One operation as its caller saw it. `output` is undefined where the caller never learned what happened. */
export interface Operation<Input, Output> {
  readonly input: Input;
  readonly output: Output | undefined;
  /** Places in one total order of calls and returns; `returned` is infinite where no answer came. */
  readonly called: number;
  readonly returned: number;
}

/** What the object should do, one operation after the other. */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State;
  /** The state after the operation, or undefined where it cannot have had this output; any output is possible for undefined. */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for equal states. */
  keyOf(state: State): string;
}

/** What a checker found. */
export type Linearizability =
  | { readonly ok: true; readonly steps: number }
  | { readonly ok: false; readonly reason: 'not-linearizable' | 'budget'; readonly steps: number };

/**
 * Whether a history is linearizable: whether some order of its operations, which keeps the order of those that do not
 * overlap, is one that the model allows. Operations without an answer may have happened at any time since, or never.
 * Wing and Gong's search with Lowe's memory of configurations seen; `maxSteps` bounds it (1,000,000 unless told).
 */
export function checkLinearizable<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  maxSteps = 1_000_000,
): Linearizability {
  const operations = [...history].sort((a, b) => a.called - b.called);
  const answered = operations.filter(({ returned }) => Number.isFinite(returned)).length;
  const seen = new Set<string>();
  const done = new Uint8Array(operations.length);
  interface Level {
    readonly state: State;
    /** The operation that led here; -1 at the start. */
    readonly taken: number;
    readonly candidates: readonly number[];
    next: number;
  }
  const candidates = (): number[] => {
    let firstReturn = Number.POSITIVE_INFINITY;
    for (const [index, { returned }] of operations.entries())
      if (done[index] === 0 && returned < firstReturn) firstReturn = returned;
    const found: number[] = [];
    for (const [index, { called }] of operations.entries()) {
      if (called > firstReturn) break;
      if (done[index] === 0) found.push(index);
    }
    return found;
  };
  const levels: Level[] = [{ state: model.initial, taken: -1, candidates: candidates(), next: 0 }];
  let steps = 0;
  let linearized = 0;
  while (linearized < answered) {
    const level = levels.at(-1);
    if (level === undefined) return { ok: false, reason: 'not-linearizable', steps };
    const index = level.candidates[level.next];
    if (index === undefined) {
      levels.pop();
      if (level.taken < 0) continue;
      done[level.taken] = 0;
      if (Number.isFinite(operations[level.taken]?.returned)) linearized -= 1;
      continue;
    }
    level.next += 1;
    steps += 1;
    if (steps > maxSteps) return { ok: false, reason: 'budget', steps };
    const operation = operations[index] as Operation<Input, Output>;
    const state = model.step(level.state, operation.input, operation.output);
    if (state === undefined) continue;
    done[index] = 1;
    const configuration = `${Buffer.from(done.buffer).toString('latin1')}|${model.keyOf(state)}`;
    if (seen.has(configuration)) {
      done[index] = 0;
      continue;
    }
    seen.add(configuration);
    if (Number.isFinite(operation.returned)) linearized += 1;
    levels.push({ state, taken: index, candidates: candidates(), next: 0 });
  }
  return { ok: true, steps };
}
