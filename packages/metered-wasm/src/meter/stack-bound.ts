import { type ModuleShape, typeKey } from '../binary/module.ts';
import { refuse } from '../binary/reader.ts';
import { STATIC_STACK_UNITS } from '../profile.ts';

/** What one function does to the stack. */
export interface Caller {
  readonly frameUnits: number;
  readonly callees: ReadonlySet<number>;
  readonly indirectTypes: ReadonlySet<number>;
}

/**
 * Units of stack that each defined function takes from the counter, 0 where it need not count: only functions that
 * can call themselves, directly or through others or a table, do, and they count the chains beneath them that do not.
 */
export function boundStack(shape: ModuleShape, callers: readonly Caller[]): Int32Array {
  const importCount = shape.imports.length;
  const functionCount = callers.length;
  const keyNodes = new Map<string, number>();
  const members: number[][] = [];
  const nodeOfType = shape.types.map((type) => {
    const key = typeKey(type);
    let node = keyNodes.get(key);
    if (node === undefined) {
      node = functionCount + members.length;
      keyNodes.set(key, node);
      members.push([]);
    }
    return node;
  });
  for (const index of shape.referenced) {
    const own = index - importCount;
    if (own >= 0 && own < functionCount) {
      members[(nodeOfType[shape.functions[own] as number] as number) - functionCount]?.push(own);
    }
  }
  const edges: number[][] = callers.map((caller) => [
    ...[...caller.callees].map((index) => index - importCount).filter((own) => own >= 0),
    ...[...caller.indirectTypes].map((type) => nodeOfType[type] as number),
  ]);
  edges.push(...members);

  const taken = new Int32Array(functionCount);
  /** Units of the chains that begin at a node and reach no counting function. */
  const chain = new Float64Array(edges.length);
  const deepest = (node: number) =>
    (edges[node] ?? []).reduce((most, to) => Math.max(most, chain[to] as number), 0);
  for (const group of componentsOf(edges)) {
    const [only] = group as [number, ...number[]];
    const isRecursive = group.length > 1 || edges[only]?.includes(only) === true;
    for (const node of group) if (node >= functionCount) chain[node] = deepest(node);
    for (const node of group) {
      if (node >= functionCount) continue;
      const units = (callers[node] as Caller).frameUnits + deepest(node);
      if (units > STATIC_STACK_UNITS) {
        refuse('stack-too-deep', `function ${node + importCount} may need ${units} units of stack`);
      }
      if (isRecursive) taken[node] = units;
      else chain[node] = units;
    }
  }
  return taken;
}

/** Strongly connected components, callees before their callers (Tarjan 1972, with a stack of our own). */
function componentsOf(edges: readonly (readonly number[])[]): number[][] {
  const order = new Int32Array(edges.length);
  const low = new Int32Array(edges.length);
  const isOpen = new Uint8Array(edges.length);
  const nextEdge = new Int32Array(edges.length);
  const open: number[] = [];
  const path: number[] = [];
  const groups: number[][] = [];
  let counter = 0;
  const enter = (node: number) => {
    order[node] = low[node] = ++counter;
    isOpen[node] = 1;
    open.push(node);
    path.push(node);
  };
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    while (path.length > 0) {
      const node = path.at(-1) as number;
      const next = (edges[node] as readonly number[])[nextEdge[node] as number];
      if (next !== undefined) {
        nextEdge[node] = (nextEdge[node] as number) + 1;
        if (order[next] === 0) enter(next);
        else if (isOpen[next] === 1) low[node] = Math.min(low[node] as number, order[next] as number);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[node] as number);
      if (low[node] !== order[node]) continue;
      const group: number[] = [];
      let member: number;
      do {
        member = open.pop() as number;
        isOpen[member] = 0;
        group.push(member);
      } while (member !== node);
      groups.push(group);
    }
  }
  return groups;
}
