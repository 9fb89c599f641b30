import type { Instructions } from '../binary/instructions.ts';
import { Op } from '../binary/opcodes.ts';
import { HOST_CALL_FUEL, LOCALS_PER_FUEL_SHIFT, THROW_FUEL } from '../profile.ts';

/** Where a body is charged and how much; what it calls. */
export interface Charges {
  /** Fuel charged before instruction `i`, 0 where nothing is charged. Index 0 is the function's entry. */
  readonly fuelBefore: Int32Array;
  readonly hasLoop: boolean;
  readonly hasCatch: boolean;
  readonly callees: ReadonlySet<number>;
  /** Types of the indirect calls. */
  readonly indirectTypes: ReadonlySet<number>;
}

const NONE: ReadonlySet<number> = new Set();

/** Fuel of one instruction. Structure is free, since a block that is entered has been charged for. */
function fuelOf(op: number, first: number, importCount: number): number {
  switch (op) {
    case Op.nop:
    case Op.block:
    case Op.else:
    case Op.try:
    case Op.catch:
    case Op.catchAll:
    case Op.delegate:
    case Op.end:
      return 0;
    case Op.call:
    case Op.returnCall:
      return first < importCount ? HOST_CALL_FUEL : 1;
    case Op.throw:
    case Op.rethrow:
      return THROW_FUEL;
    default:
      return 1;
  }
}

/**
 * Cuts a body into runs of instructions that execute together, or not at all but for a trap or an exception, and sums
 * their fuel. A run begins at the entry, behind a loop's header, behind every branch and where paths join.
 */
export function chargeBlocks(code: Instructions, localCount: number, importCount: number): Charges {
  const { ops, first } = code;
  const fuelBefore = new Int32Array(ops.length + 1);
  let callees: Set<number> | undefined;
  let indirectTypes: Set<number> | undefined;
  const call = (index: number) => {
    callees ??= new Set();
    callees.add(index);
  };
  const callByType = (index: number) => {
    indirectTypes ??= new Set();
    indirectTypes.add(index);
  };
  let hasLoop = false;
  let hasCatch = false;
  const openers: number[] = [Op.block];
  const isTarget: boolean[] = [false];
  let runStart = 0;
  let runFuel = 1 + (localCount >> LOCALS_PER_FUEL_SHIFT);

  const beginRun = (at: number, fuel: number) => {
    fuelBefore[runStart] = runFuel;
    runStart = at;
    runFuel = fuel;
  };
  const branchTo = (label: number) => {
    const at = openers.length - 1 - label;
    if (at >= 0) isTarget[at] = true;
  };

  for (let at = 0; at < ops.length; at++) {
    const op = ops[at] as number;
    const index = first[at] as number;
    if (op === Op.loop) {
      hasLoop = true;
      openers.push(op);
      isTarget.push(false);
      beginRun(at + 1, 1);
      continue;
    }
    runFuel += fuelOf(op, index, importCount);
    switch (op) {
      case Op.block:
      case Op.try:
        openers.push(op);
        isTarget.push(false);
        break;
      case Op.if:
        openers.push(op);
        isTarget.push(true);
        beginRun(at + 1, 0);
        break;
      case Op.catch:
      case Op.catchAll:
        hasCatch = true;
        beginRun(at + 1, 0);
        break;
      case Op.else:
        beginRun(at + 1, 0);
        break;
      case Op.end:
      case Op.delegate: {
        const opener = openers.pop();
        const joins = isTarget.pop() === true && opener !== Op.loop;
        if (joins || opener === Op.try) beginRun(at + 1, 0);
        break;
      }
      case Op.brIf:
        branchTo(index);
        beginRun(at + 1, 0);
        break;
      case Op.br:
        branchTo(index);
        beginRun(at + 1, 0);
        break;
      case Op.brTable:
        for (const label of code.branches.get(at) ?? []) branchTo(label);
        beginRun(at + 1, 0);
        break;
      case Op.returnCall:
        call(index);
        beginRun(at + 1, 0);
        break;
      case Op.returnCallIndirect:
        callByType(index);
        beginRun(at + 1, 0);
        break;
      case Op.unreachable:
      case Op.return:
      case Op.throw:
      case Op.rethrow:
        beginRun(at + 1, 0);
        break;
      case Op.call:
        call(index);
        break;
      case Op.callIndirect:
        callByType(index);
        break;
    }
  }
  fuelBefore[runStart] = runFuel;
  return { fuelBefore, hasLoop, hasCatch, callees: callees ?? NONE, indirectTypes: indirectTypes ?? NONE };
}
