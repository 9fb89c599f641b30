import type { Instructions } from '../binary/instructions.ts';
import type { Body, FunctionType } from '../binary/module.ts';
import { Op } from '../binary/opcodes.ts';
import { Writer } from '../binary/writer.ts';
import { STATE } from '../profile.ts';
import type { Charges } from './blocks.ts';
import { F32X4, F64X2, type Floats } from './floats.ts';
import type { Layout } from './layout.ts';

const F32 = 0x7d;
const F64 = 0x7c;
const NAN_F32 = [0x00, 0x00, 0xc0, 0x7f];
const NAN_F64 = [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0x7f];

/** A function as it was read and analysed. */
export interface Plan {
  readonly body: Body;
  readonly type: FunctionType;
  readonly code: Instructions;
  readonly charges: Charges;
  readonly floats: Floats;
  /** Units of stack to take while the function runs, 0 for none. */
  readonly stackUnits: number;
}

/**
 * Writes one function with its charges. A function with a loop keeps the counter in a local of its own and puts it
 * back where others may look: around calls and at its exits. The counter is compared with zero at the entry, at loop
 * headers and for lengths; charges between these only subtract, so that a run passes zero by no more than the longest
 * path through one function without a loop or call, and then ends.
 */
export class FunctionEmitter {
  readonly #out: Writer;
  readonly #layout: Layout;
  readonly #plan: Plan;
  readonly #hasLocalFuel: boolean;
  readonly #isWrapped: boolean;
  #locals = new Map<'fuel' | 'depth' | 'f32' | 'f64' | 'v128', number>();

  constructor(layout: Layout, plan: Plan) {
    this.#out = new Writer(64 + 2 * (plan.body.to - plan.body.from));
    this.#layout = layout;
    this.#plan = plan;
    this.#hasLocalFuel = plan.charges.hasLoop;
    this.#isWrapped = this.#hasLocalFuel || plan.stackUnits > 0;
  }

  /** The finished body, without its length. */
  run(): Writer {
    this.#declareLocals();
    this.#enter();
    this.#walk();
    return this.#out;
  }

  #declareLocals(): void {
    const { body, type, charges, floats } = this.#plan;
    const added: [name: 'fuel' | 'depth' | 'f32' | 'f64' | 'v128', type: number][] = [];
    if (this.#hasLocalFuel) added.push(['fuel', 0x7e]);
    if (charges.hasCatch) added.push(['depth', 0x7f]);
    if (floats.canonicalAfter.includes(F32)) added.push(['f32', F32]);
    if (floats.canonicalAfter.includes(F64)) added.push(['f64', F64]);
    const hasVectors = floats.canonicalAfter.includes(F32X4) || floats.canonicalAfter.includes(F64X2);
    if (hasVectors) added.push(['v128', 0x7b]);
    this.#out.u32(body.locals.length + 1 + added.length);
    for (const run of body.locals) this.#out.u32(run.count).byte(run.type);
    this.#out.raw(0x00, 0x7f); // a run of none parts the guest's locals from ours
    added.forEach(([name, valueType], at) => {
      this.#out.u32(1).byte(valueType);
      this.#locals.set(name, type.params.length + body.localCount + at);
    });
  }

  #local(op: 'get' | 'set' | 'tee', name: 'fuel' | 'depth' | 'f32' | 'f64' | 'v128'): Writer {
    return this.#out.byte({ get: 0x20, set: 0x21, tee: 0x22 }[op]).u32(this.#locals.get(name) as number);
  }

  #global(op: 'get' | 'set', index: number): Writer {
    return this.#out.byte(op === 'get' ? 0x23 : 0x24).u32(index);
  }

  /** Lets the counter be seen by others. */
  #flush(): void {
    if (!this.#hasLocalFuel) return;
    this.#local('get', 'fuel');
    this.#global('set', this.#layout.fuel);
  }

  #reload(): void {
    if (!this.#hasLocalFuel) return;
    this.#global('get', this.#layout.fuel);
    this.#local('set', 'fuel');
  }

  #charge(fuel: number, where: 'entry' | 'header' | 'branch'): void {
    const { fuel: counter } = this.#layout;
    if (this.#hasLocalFuel && where !== 'entry') this.#local('get', 'fuel');
    else this.#global('get', counter);
    this.#out.byte(0x42).signed(fuel).byte(0x7d); // i64.const fuel, i64.sub
    if (where === 'branch') {
      if (this.#hasLocalFuel) this.#local('set', 'fuel');
      else this.#global('set', counter);
      return;
    }
    if (this.#hasLocalFuel) {
      this.#local('tee', 'fuel');
    } else {
      this.#global('set', counter);
      this.#global('get', counter);
    }
    this.#out.raw(0x42, 0x00, 0x53, 0x04, 0x40); // i64.const 0, i64.lt_s, if
    this.#flush();
    this.#out.raw(0x00, 0x0b); // unreachable, end
  }

  #enter(): void {
    const { charges, stackUnits, type } = this.#plan;
    const { stack, state } = this.#layout;
    this.#charge(charges.fuelBefore[0] as number, 'entry');
    if (stackUnits > 0) {
      this.#moveStack(0x6b); // i32.sub
      this.#global('get', stack).raw(0x41, 0x00, 0x48, 0x04, 0x40); // i32.const 0, i32.lt_s, if
      this.#flush();
      this.#global('get', state).byte(0x41).signed(STATE.stackExceeded).byte(0x72); // i32.or
      this.#global('set', state).raw(0x00, 0x0b); // unreachable, end
    }
    if (charges.hasCatch) {
      this.#global('get', stack);
      this.#local('set', 'depth');
    }
    if (!this.#isWrapped) return;
    this.#out.byte(Op.block);
    const { results } = type;
    if (results.length === 0) this.#out.byte(0x40);
    else if (results.length === 1) this.#out.byte(results[0] as number);
    else this.#out.signed(this.#layout.typeIndex({ params: [], results }));
  }

  #moveStack(operation: number): void {
    const { stack } = this.#layout;
    this.#global('get', stack).byte(0x41).signed(this.#plan.stackUnits).byte(operation);
    this.#global('set', stack);
  }

  /** What a function does before it is left for good. */
  #leave(): void {
    this.#flush();
    if (this.#plan.stackUnits > 0) this.#moveStack(0x6a); // i32.add
  }

  #makeCanonical(mark: number): void {
    const isVector = mark === F32X4 || mark === F64X2;
    const scratch = isVector ? 'v128' : mark === F32 ? 'f32' : 'f64';
    this.#local('tee', scratch);
    if (isVector)
      this.#out.raw(
        0xfd,
        0x0c,
        ...(mark === F32X4 ? [NAN_F32, NAN_F32, NAN_F32, NAN_F32] : [NAN_F64, NAN_F64]).flat(),
      );
    else if (mark === F32) this.#out.raw(0x43, ...NAN_F32);
    else this.#out.raw(0x44, ...NAN_F64);
    this.#local('get', scratch);
    this.#local('get', scratch);
    if (mark === F32X4)
      this.#out.raw(0xfd, 0x41, 0xfd, 0x52); // f32x4.eq, v128.bitselect
    else if (mark === F64X2)
      this.#out.raw(0xfd, 0x47, 0xfd, 0x52); // f64x2.eq, v128.bitselect
    else this.#out.raw(mark === F32 ? 0x5b : 0x61, 0x1b); // eq, select
  }

  #walk(): void {
    const { code, charges, floats } = this.#plan;
    const { fuelBefore } = charges;
    let depth = 0;
    for (let at = 0; at < code.ops.length; at++) {
      const op = code.ops[at] as number;
      if (at > 0 && fuelBefore[at] !== 0) {
        this.#charge(fuelBefore[at] as number, code.ops[at - 1] === Op.loop ? 'header' : 'branch');
      }
      if (op === Op.block || op === Op.loop || op === Op.if || op === Op.try) depth++;
      else if (op === Op.end || op === Op.delegate) depth--;
      const from = code.start[at] as number;
      const to = code.start[at + 1] as number;
      if (depth < 0) {
        if (this.#isWrapped) {
          this.#out.byte(Op.end);
          this.#leave();
        }
        this.#out.byte(Op.end);
        return;
      }
      this.#instruction(op, at, from, to, depth);
      const mark = floats.canonicalAfter[at] as number;
      if (mark !== 0) this.#makeCanonical(mark);
    }
  }

  #instruction(op: number, at: number, from: number, to: number, depth: number): void {
    const { bytes } = this.#layout.shape;
    switch (op) {
      case Op.return:
        if (this.#isWrapped) this.#out.byte(Op.br).u32(depth);
        else this.#out.byte(op);
        return;
      case Op.unreachable:
      case Op.throw:
      case Op.rethrow:
        this.#flush();
        break;
      case Op.returnCall:
      case Op.returnCallIndirect:
        this.#leave();
        break;
      case Op.call:
      case Op.callIndirect:
        this.#flush();
        this.#out.range(bytes, from, to);
        this.#reload();
        return;
      case Op.memoryGrow:
        this.#routine('memory.grow');
        return;
      case Op.memoryInit:
      case Op.memoryCopy:
      case Op.memoryFill:
        this.#routine('bytes');
        break;
      case Op.tableInit:
      case Op.tableCopy:
      case Op.tableFill:
        this.#routine('elements');
        break;
      case Op.tableGrow:
        this.#routine(`table.grow ${this.#plan.code.first[at] as number}`);
        break;
      case Op.catch:
      case Op.catchAll:
        this.#out.range(bytes, from, to);
        this.#reload();
        this.#local('get', 'depth');
        this.#global('set', this.#layout.stack);
        return;
    }
    this.#out.range(bytes, from, to);
  }

  #routine(name: Parameters<Layout['routine']>[0]): void {
    this.#flush();
    this.#out.byte(Op.call).u32(this.#layout.routine(name));
    this.#reload();
  }
}
