import { FRAME_UNITS, STATIC_STACK_UNITS } from '../profile.ts';
import { object } from './cursor.ts';
import type { FunctionFacts } from './function.ts';
import type { Outline } from './outline.ts';

/**
 * Without the functions that count the stack they take, calls must form no cycle (functions are removed whose callees
 * are all removed, Kahn 1962), and no chain of them may take more than the profile allows.
 */
export function checkStack(outline: Outline, facts: readonly FunctionFacts[]): void {
  const importCount = outline.imports.length;
  const count = facts.length;
  const keys = new Map<string, number>();
  const nodeOfType = outline.types.map(({ params, results }) => {
    const key = `${params} ${results}`;
    const node = keys.get(key) ?? count + keys.size;
    keys.set(key, node);
    return node;
  });
  const callers: number[][] = Array.from({ length: count + keys.size }, () => []);
  const waiting = new Int32Array(count + keys.size);
  const connect = (caller: number, callee: number) => {
    if (callee < 0 || callee >= callers.length) return;
    callers[callee]?.push(caller);
    waiting[caller] = (waiting[caller] as number) + 1;
  };
  facts.forEach((fact, own) => {
    for (const index of fact.calls) if (index - importCount < count) connect(own, index - importCount);
    for (const type of fact.callsByType) connect(own, nodeOfType[type] ?? -1);
  });
  for (const index of outline.named) {
    const own = index - importCount;
    if (own >= 0 && own < count) connect(nodeOfType[outline.functions[own] as number] as number, own);
  }

  const deepest = new Float64Array(callers.length);
  const ready: number[] = [];
  const isDone = new Uint8Array(callers.length);
  /** Tells the callers of a node how deep it goes, once. */
  const settle = (node: number, depth: number) => {
    for (const caller of callers[node] ?? []) {
      deepest[caller] = Math.max(deepest[caller] as number, depth);
      waiting[caller] = (waiting[caller] as number) - 1;
      if (waiting[caller] === 0) ready.push(caller);
    }
  };
  waiting.forEach((left, node) => {
    if (left === 0) ready.push(node);
  });
  const counting = facts.flatMap((fact, own) => (fact.units > 0 ? [own] : []));
  for (const own of counting) settle(own, 0);
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    isDone[node] = 1;
    const fact = facts[node];
    if (fact !== undefined && fact.units > 0) continue;
    const depth = (deepest[node] as number) + (fact === undefined ? 0 : FRAME_UNITS + fact.slots);
    if (depth > STATIC_STACK_UNITS) object('unbounded-stack', `function ${node + importCount}`);
    settle(node, depth);
  }
  isDone.forEach((done, node) => {
    const fact = facts[node];
    if (done === 0) {
      const isAllowed = fact !== undefined && fact.units > 0;
      if (!isAllowed) object('unbounded-stack', `a cycle of calls through function ${node + importCount}`);
    }
    if (fact !== undefined && fact.units > 0) {
      const needed = FRAME_UNITS + fact.slots + (deepest[node] as number);
      if (fact.units < needed && done === 1) {
        object('unbounded-stack', `function ${node + importCount} takes ${fact.units} of ${needed} units`);
      }
    }
  });
}
