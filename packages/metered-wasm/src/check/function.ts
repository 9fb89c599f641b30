import { FLOW_WEIGHT, HOST_CALL_FUEL, LOCALS_PER_FUEL_SHIFT, THROW_FUEL } from '../profile.ts';
import { Cursor, object } from './cursor.ts';
import { Steps } from './decode.ts';
import { Heights } from './heights.ts';
import type { Outline, Signature } from './outline.ts';
import { type Counters, match, SHAPES, type ShapeName } from './patterns.ts';

/** What the check learns of one function for the bound of the stack. */
export interface FunctionFacts {
  /** Units of stack that the function takes from the counter; 0 for none. */
  readonly units: number;
  /** The guest's locals, parameters and operands in slots of eight bytes. */
  readonly slots: number;
  /** Weight of the control flow. */
  readonly weight: number;
  readonly calls: ReadonlySet<number>;
  readonly callsByType: ReadonlySet<number>;
  /** Functions of which the function takes a reference. */
  readonly named: ReadonlySet<number>;
}

/** What surrounds the function under check. */
export interface Surroundings {
  readonly outline: Outline;
  readonly counters: Counters;
  readonly importCount: number;
  readonly type: Signature;
  /** What the routines pay for, by function index: `bytes`, `elements`, `table.grow N`, `memory.grow`. */
  readonly routines: ReadonlyMap<number, string>;
  /** Whether a signature of the module has vectors, so that values of a call may be such. */
  readonly passesVectors: boolean;
}

interface Opener {
  readonly op: number;
  isTarget: boolean;
  /** The block that metering put around the body. */
  readonly isOurs: boolean;
}

const FREE = new Set([0x01, 0x02, 0x05, 0x06, 0x07, 0x0b, 0x18, 0x19]);
/** After these the next instruction is reached from elsewhere, or not at all. */
const ENDS_RUN = new Set([0x00, 0x04, 0x05, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x0e, 0x0f, 0x12, 0x13, 0x19]);
const BULK: Readonly<Record<number, string>> = {
  [0xfc08]: 'bytes',
  [0xfc0a]: 'bytes',
  [0xfc0b]: 'bytes',
  [0xfc0c]: 'elements',
  [0xfc0e]: 'elements',
  [0xfc11]: 'elements',
};

/** Results of these may be a NaN of open bits: float arithmetic, a local, a select. All of them are charged. */
function mayBeNan(op: number): boolean {
  if (op === 0x1b || op === 0x1c || op === 0x20 || op === 0x22 || op === 0xb6 || op === 0xbb) return true;
  return (op >= 0x8d && op <= 0x97) || (op >= 0x9b && op <= 0xa5) || op >= 0xfd5e;
}

/** Locals that metering adds at most: the counter, the depth of the stack and three scratches. */
const ADDED_LOCALS = 5;

/**
 * Walks one function of a metered module and objects to the first thing that is not as it must be: a run of
 * instructions that costs more than was charged before it, a loop or entry without a charge, a bulk operation without
 * one, any other touch of the counters, a way out that leaves them wrong.
 */
export class FunctionCheck {
  readonly #around: Surroundings;
  readonly #steps: Steps;
  readonly #where: string;
  readonly #openers: Opener[] = [{ op: 0x02, isTarget: false, isOurs: false }];
  readonly #calls = new Set<number>();
  readonly #callsByType = new Set<number>();
  readonly #named = new Set<number>();
  readonly #heights: Heights;
  readonly #known: Record<string, number>;
  #ownLocals = 0;
  #guestLocals = 0;
  #slots = 0;
  #paid = 0;
  #atRunStart = false;
  #wrapEndsAt = -1;
  #usesVectors: boolean;
  /** Position behind an instruction whose result may be made canonical. */
  #nanAt = -1;

  constructor(bytes: Uint8Array, from: number, to: number, index: number, around: Surroundings) {
    this.#around = around;
    this.#where = `function ${index}`;
    this.#known = { ...around.counters };
    const cursor = new Cursor(bytes, from, to);
    this.#usesVectors = around.passesVectors;
    this.#readLocals(cursor);
    this.#steps = new Steps(cursor);
    this.#heights = new Heights(around.outline, around.type, this.#ownLocals + ADDED_LOCALS);
  }

  #fail(reason: Parameters<typeof object>[0], what: string, at: number): never {
    return object(reason, `${what} in ${this.#where} at byte ${this.#steps.offset(at)}`);
  }

  #readLocals(cursor: Cursor): void {
    const runs: [count: number, type: number][] = [];
    cursor.vector(50_000, () => runs.push([cursor.u32(), cursor.valueType()]));
    const parting = runs.findLastIndex(([count]) => count === 0);
    if (parting < 0) object('not-metered', `${this.#where} declares its locals without a parting run`);
    runs.forEach(([count, type], at) => {
      if (at > parting) return;
      this.#guestLocals += count;
      this.#slots += count * (type === 0x7b ? 2 : 1);
    });
    const added = runs.slice(parting + 1);
    if (added.length > ADDED_LOCALS || added.some(([count]) => count !== 1)) {
      object('uncharged-entry', `${this.#where} has locals that its entry is not charged for`);
    }
    const { params: parameterTypes } = this.#around.type;
    for (const type of parameterTypes) this.#slots += type === 0x7b ? 2 : 1;
    this.#ownLocals = parameterTypes.length + this.#guestLocals;
  }

  /** Consumes a shape of ours; answers where it ends. */
  #take(at: number, name: ShapeName): number {
    const found = match(this.#steps, at, name, this.#known);
    if (found === undefined) return -1;
    for (const own of ['own', 'depth', 'scratch']) {
      if (found[own] !== undefined && found[own] < this.#ownLocals) return -1;
    }
    for (const kept of ['own', 'depth', 'units']) {
      if (found[kept] !== undefined) this.#known[kept] = found[kept];
    }
    const { cost } = found;
    if (cost !== undefined) {
      if (!this.#atRunStart || cost <= 0) this.#fail('uncharged-block', 'a charge inside a run', at);
      this.#paid = cost;
      this.#atRunStart = false;
    }
    return at + SHAPES[name].length;
  }

  get #isLocal(): boolean {
    return this.#known['own'] !== undefined;
  }

  get #takesStack(): boolean {
    return this.#known['units'] !== undefined;
  }

  get #isWrapped(): boolean {
    return this.#isLocal || this.#takesStack;
  }

  /** Spends fuel of the current run. */
  #spend(fuel: number, at: number): void {
    if (fuel === 0) return;
    this.#atRunStart = false;
    this.#paid -= fuel;
    if (this.#paid < 0) this.#fail('uncharged-block', 'instructions beyond their charge', at);
  }

  #beginRun(at: number): void {
    if (this.#paid > 0) this.#fail('uncharged-block', 'a charge beyond its instructions', at);
    this.#paid = 0;
    this.#atRunStart = true;
  }

  run(): FunctionFacts {
    let at = this.#enter();
    while (at < this.#steps.length) at = this.#next(at);
    this.#beginRun(this.#steps.length - 1);
    if (this.#openers.length > 0) this.#fail('malformed', 'a block that is not closed', at - 1);
    return {
      units: this.#known['units'] ?? 0,
      slots: this.#slots + this.#heights.most * (this.#usesVectors ? 2 : 1),
      weight: this.#heights.weight,
      calls: this.#calls,
      callsByType: this.#callsByType,
      named: this.#named,
    };
  }

  #enter(): number {
    this.#atRunStart = true;
    let at = this.#take(0, 'entryLocal');
    if (at < 0) at = this.#take(0, 'entryGlobal');
    if (at < 0) this.#fail('uncharged-entry', 'no charge at the entry', 0);
    this.#spend(1 + (this.#guestLocals >> LOCALS_PER_FUEL_SHIFT), at);
    const taken = this.#take(at, this.#isLocal ? 'takeStackLocal' : 'takeStack');
    if (taken >= 0) {
      if ((this.#known['units'] ?? 0) <= 0) this.#fail('unbounded-stack', 'no stack taken', at);
      at = taken;
    }
    const saved = this.#take(at, 'saveStack');
    if (saved >= 0) at = saved;
    if (!this.#isWrapped) return at;
    if (this.#steps.op(at) !== 0x02) this.#fail('counter-altered', 'no block around the body', at);
    this.#openers.push({ op: 0x02, isTarget: false, isOurs: true });
    this.#heights.open(this.#steps.first(at));
    return at + 1;
  }

  /** Checks one instruction, or one shape of ours, and answers where the next begins. */
  #next(at: number): number {
    const op = this.#steps.op(at);
    if (op === 0x23 || op === 0x20 || op === 0x22) {
      const after = this.#ours(at);
      if (after >= 0) return after;
    }
    return this.#theirs(at);
  }

  /** What metering adds between a guest's instructions. */
  #ours(at: number): number {
    if (this.#atRunStart) {
      const charged = this.#take(at, this.#isLocal ? 'branchLocal' : 'branchGlobal');
      if (charged >= 0) return charged;
    }
    if (at === this.#nanAt) {
      for (const name of ['nanF32', 'nanF64', 'nanF32x4', 'nanF64x2'] as const) {
        const after = this.#take(at, name);
        if (after >= 0) return after;
      }
    }
    if (!this.#isWrapped && !this.#isLocal) return -1;
    let after = this.#isLocal ? this.#take(at, 'flush') : at;
    if (after < 0) return -1;
    if (this.#steps.op(after) === 0x23 && this.#takesStack) {
      const given = this.#take(after, 'giveStack');
      if (given >= 0) after = given;
      if (given >= 0) return this.#leaving(at, after);
    }
    if (after === at) return -1;
    return this.#leaving(at, after);
  }

  /** The counter was put back at `at`: what follows must be why. */
  #leaving(at: number, after: number): number {
    const gave = this.#steps.first(after - 1) === this.#around.counters.stack;
    const next = this.#steps.op(after);
    const isTail = next === 0x12 || next === 0x13;
    const isEnd = next === 0x0b && at === this.#wrapEndsAt;
    const isOther = [0x00, 0x08, 0x09, 0x10, 0x11].includes(next);
    if (gave === this.#takesStack ? isTail || isEnd || (isOther && !gave) : isOther && !gave) {
      return this.#leap(after, isTail || isEnd);
    }
    return this.#fail('counter-altered', 'the counter is put back where nothing leaves', at);
  }

  /** Goes on with an instruction before which everything was put back. */
  #leap(at: number, isExit: boolean): number {
    return isExit || this.#isLocal ? this.#theirs(at, true) : this.#fail('counter-altered', 'stack', at);
  }

  #theirs(at: number, isPutBack = false): number {
    const op = this.#steps.op(at);
    const a = this.#steps.first(at);
    this.#refuseTouch(op, a, at);
    this.#heights.step(this.#steps, at);
    if (this.#heights.weight > FLOW_WEIGHT.inFunction) this.#fail('too-large', 'control flow too heavy', at);
    if (op >= 0xfd00) this.#usesVectors = true;
    if (mayBeNan(op)) this.#nanAt = at + 1;
    if (op === 0xd2) this.#named.add(a);
    if (op === 0x03) return this.#loop(at);
    if (op === 0x10) {
      const paidFor = this.#routineCall(at, isPutBack);
      if (paidFor >= 0) return paidFor;
    }
    if (BULK[op] !== undefined || op === 0xfc0f || op === 0x40) {
      this.#fail('uncharged-bulk', `instruction 0x${op.toString(16)} without a charge by length`, at);
    }
    this.#spend(this.#fuelOf(op, a), at);
    if (op === 0x02 || op === 0x04 || op === 0x06) {
      this.#openers.push({ op, isTarget: op !== 0x02, isOurs: false });
    }
    if (op === 0x0c || op === 0x0d) this.#target(a, at);
    for (const label of this.#steps.labels(at)) this.#target(label, at);
    if (op === 0x0b || op === 0x18) return this.#end(at, isPutBack);
    this.#noteCall(op, at, isPutBack);
    if (ENDS_RUN.has(op)) this.#beginRun(at);
    if (op === 0x07 || op === 0x19) return this.#caught(at);
    if ((op === 0x10 || op === 0x11) && this.#isLocal) return this.#reloaded(at);
    return at + 1;
  }

  #refuseTouch(op: number, a: number, at: number): void {
    const { fuel } = this.#around.counters;
    const isGlobal = (op === 0x23 || op === 0x24) && a >= fuel;
    const isLocal = op >= 0x20 && op <= 0x22 && a >= this.#ownLocals;
    if (isGlobal || isLocal) this.#fail('counter-altered', 'a counter is touched', at);
  }

  #fuelOf(op: number, a: number): number {
    if (FREE.has(op)) return 0;
    if ((op === 0x10 || op === 0x12) && a < this.#around.importCount) return HOST_CALL_FUEL;
    return op === 0x08 || op === 0x09 ? THROW_FUEL : 1;
  }

  #target(label: number, at: number): void {
    const index = this.#openers.length - 1 - label;
    const opener = this.#openers[index];
    if (opener === undefined || (index === 0 && this.#isWrapped)) {
      this.#fail('counter-altered', 'a branch past the end of the body', at);
    }
    opener.isTarget = true;
  }

  #loop(at: number): number {
    this.#beginRun(at);
    this.#openers.push({ op: 0x03, isTarget: false, isOurs: false });
    const after = this.#isLocal ? this.#take(at + 1, 'header') : -1;
    if (after < 0) this.#fail('uncharged-loop', 'a loop header without a charge', at);
    this.#spend(1, at);
    return after;
  }

  #end(at: number, isPutBack: boolean): number {
    const opener = this.#openers.pop();
    if (opener === undefined) return this.#fail('malformed', 'an end too many', at);
    const isLast = at === this.#steps.length - 1;
    if ((this.#openers.length === 0) !== isLast) this.#fail('malformed', 'unbalanced blocks', at);
    if (isLast) {
      if (this.#isWrapped && !isPutBack) this.#fail('counter-altered', 'the counter is not put back', at);
      return at + 1;
    }
    if (opener.isOurs) this.#wrapEndsAt = at + 1;
    if (opener.op !== 0x03 && opener.isTarget) this.#beginRun(at);
    return at + 1;
  }

  #noteCall(op: number, at: number, isPutBack: boolean): void {
    const a = this.#steps.first(at);
    if (op === 0x0f && this.#isWrapped)
      this.#fail('counter-altered', 'a return past the end of the body', at);
    const isTail = op === 0x12 || op === 0x13;
    const leaves = isTail || op === 0x10 || op === 0x11 || op === 0x08 || op === 0x09;
    if (leaves && !isPutBack && (this.#isLocal || (isTail && this.#takesStack))) {
      this.#fail('counter-altered', 'the counter is not put back before a call', at);
    }
    if (op === 0x10 || op === 0x12) this.#calls.add(a);
    if (op === 0x11 || op === 0x13) this.#callsByType.add(a);
  }

  #caught(at: number): number {
    const reloaded = this.#isLocal ? this.#reloaded(at) : at + 1;
    const restored = this.#known['depth'] === undefined ? -1 : this.#take(reloaded, 'restoreStack');
    if (restored < 0) this.#fail('unbounded-stack', 'the stack is not restored after a catch', at);
    return restored;
  }

  #reloaded(at: number): number {
    const after = this.#take(at + 1, 'reload');
    if (after < 0) this.#fail('counter-altered', 'the counter is not read again after a call', at);
    return after;
  }

  /** A call of a routine and the instruction that it pays for; -1 where the call is another one. */
  #routineCall(at: number, isPutBack: boolean): number {
    const name = this.#around.routines.get(this.#steps.first(at));
    if (name === undefined) return -1;
    if (this.#isLocal && !isPutBack) this.#fail('counter-altered', 'the counter is not put back', at);
    this.#spend(1, at);
    const after = this.#isLocal ? this.#reloaded(at) : at + 1;
    if (name === 'memory.grow') return after;
    const paid = this.#steps.op(after);
    const wanted = paid === 0xfc0f ? `table.grow ${this.#steps.first(after)}` : BULK[paid];
    if (wanted !== name) this.#fail('uncharged-bulk', `${name} paid for another instruction`, at);
    this.#heights.step(this.#steps, after);
    return after + 1;
  }
}
