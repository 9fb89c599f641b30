import type { Dice } from './dice.ts';
import {
  doubleBytes,
  F32,
  F64,
  floatBytes,
  I32,
  I64,
  type Instruction,
  type Signature,
  signed,
  unsigned,
  V128,
} from './encoder.ts';
import { OPERATIONS, type Operation } from './operations.ts';

/** What random modules may hold. */
export interface RandomOptions {
  /** Only floats made by arithmetic or from integers, and stores of them: every NaN in memory must be canonical. */
  readonly arithmeticFloatsOnly?: boolean;
  /** The module makes every NaN canonical itself, so that metering must change nothing that can be seen. */
  readonly canonicalFloats?: boolean;
  readonly withExceptions?: boolean;
}

/** Integers lie below this address, f64 and vectors at and above it, f32 above the second. */
export const FLOAT_BASE = 32_768;
export const F32_BASE = 49_152;
const FLOAT_TYPES = new Set([F32, F64, V128]);

export interface Label {
  readonly results: readonly number[];
  readonly isLoop: boolean;
}

export const FUNCTIONS = 5;
export const VALUE_TYPES = [I32, I32, I32, I64, I64, F32, F64, V128];

/** Writes expressions of a wanted type. */
export abstract class RandomValues {
  protected readonly dice: Dice;
  protected readonly options: RandomOptions;
  protected readonly types: Signature[] = [{ params: [I32, I64], results: [I32] }];
  protected readonly functionTypes: number[] = [0];
  protected readonly globalTypes = [I32, I64, F32, F64];
  protected locals: number[] = [];
  protected reserved = new Set<number>();
  protected scratch = new Map<number, number>();
  protected labels: Label[] = [];
  protected self = 0;
  protected budget = 0;
  protected out: Instruction[] = [];

  constructor(dice: Dice, options: RandomOptions) {
    this.dice = dice;
    this.options = options;
  }

  protected abstract statement(depth: number): void;

  protected emit(...bytes: readonly number[]): void {
    this.out.push(bytes);
    this.budget--;
  }

  protected local(type: number): number {
    const known = this.locals.flatMap((each, at) => (each === type && !this.reserved.has(at) ? [at] : []));
    if (known.length > 0) return this.dice.pick(known);
    return this.locals.push(type) - 1;
  }

  protected constant(type: number): void {
    const dice = this.dice;
    const integers = [0, 1, -1, 2, 31, 63, 64, 255, 1000, -2147483648, 2147483647, dice.below(2 ** 31)];
    const wild = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1];
    const floats =
      this.options.arithmeticFloatsOnly === true
        ? wild
        : [0, -0, 1, -1.5, 1e30, -1e-30, Number.POSITIVE_INFINITY, 4294967296, dice.below(1000)];
    if (type === I32) this.emit(0x41, ...signed(dice.pick(integers)));
    else if (type === I64) this.emit(0x42, ...signed(dice.pick(integers)));
    else if (type === F32) this.emit(0x43, ...floatBytes(dice.pick(floats)));
    else if (type === F64) this.emit(0x44, ...doubleBytes(dice.pick(floats)));
    else this.emit(0xfd, 0x0c, ...doubleBytes(dice.pick(floats)), ...doubleBytes(dice.pick(floats)));
  }

  protected address(type: number): void {
    this.value(I32, 1);
    this.emit(0x41, ...signed(0x3ff8));
    this.emit(0x71);
    if (FLOAT_TYPES.has(type)) {
      this.emit(0x41, ...signed(type === F32 ? F32_BASE : FLOAT_BASE));
      this.emit(0x72);
    }
  }

  /** Leaves one value of a type on the stack. */
  protected value(type: number, depth: number): void {
    const dice = this.dice;
    if (depth <= 0 || this.budget <= 0) {
      if (dice.chance(50)) this.constant(type);
      else this.emit(0x20, ...unsigned(this.local(type)));
      return;
    }
    const roll = dice.below(100);
    if (roll < 50) this.operation(type, depth);
    else if (roll < 60) this.emit(0x20, ...unsigned(this.local(type)));
    else if (roll < 66) this.constant(type);
    else if (roll < 72) this.blockValue(type, depth);
    else if (roll < 78) this.ifValue(type, depth);
    else if (roll < 82) {
      this.value(type, depth - 1);
      this.emit(0x22, ...unsigned(this.local(type)));
    } else if (roll < 87 && type !== V128) {
      this.value(type, depth - 1);
      this.value(type, depth - 1);
      this.value(I32, depth - 1);
      this.emit(...(dice.chance(50) ? [0x1b] : [0x1c, 1, type]));
    } else if (roll < 91 && this.globalTypes.includes(type)) {
      this.emit(0x23, this.globalTypes.indexOf(type));
    } else if (roll < 96) this.callValue(type, depth);
    else this.load(type);
  }

  protected load(type: number): void {
    const arithmeticOnly = this.options.arithmeticFloatsOnly === true;
    const isFloat = FLOAT_TYPES.has(type);
    if (isFloat && arithmeticOnly) {
      this.constant(type);
      return;
    }
    const loads: Record<number, readonly number[][]> = {
      [I32]: [
        [0x28, 2],
        [0x2c, 0],
        [0x2f, 1],
      ],
      [I64]: [
        [0x29, 3],
        [0x31, 0],
        [0x34, 2],
      ],
      [F32]: [[0x2a, 2]],
      [F64]: [[0x2b, 3]],
      [V128]: [
        [0xfd, 0, 4],
        [0xfd, 0x5d, 3],
      ],
    };
    this.address(type);
    this.emit(...this.dice.pick(loads[type] ?? []), ...unsigned(this.dice.below(64)));
  }

  protected operation(type: number, depth: number): void {
    const arithmeticOnly = this.options.arithmeticFloatsOnly === true;
    const fitting = OPERATIONS.filter(
      (each) => each.result === type && !(arithmeticOnly && each.showsBits === true),
    );
    if (fitting.length === 0) {
      this.constant(type);
      return;
    }
    const operation: Operation = this.dice.pick(fitting);
    for (const operand of operation.operands) this.value(operand, depth - 1);
    this.emit(...operation.code);
    if (operation.makes !== undefined && this.options.canonicalFloats === true)
      this.canonical(operation.makes);
  }

  protected canonical(shape: 'f32' | 'f64' | 'f32x4' | 'f64x2'): void {
    const type = { f32: F32, f64: F64, f32x4: V128, f64x2: V128 }[shape];
    const known = this.scratch.get(type) ?? this.locals.push(type) - 1;
    this.scratch.set(type, known);
    this.reserved.add(known);
    const scratch = unsigned(known);
    const nan32 = floatBytes(Number.NaN);
    const nan64 = doubleBytes(Number.NaN);
    const constant = {
      f32: [0x43, ...nan32],
      f64: [0x44, ...nan64],
      f32x4: [0xfd, 0x0c, ...nan32, ...nan32, ...nan32, ...nan32],
      f64x2: [0xfd, 0x0c, ...nan64, ...nan64],
    }[shape];
    this.emit(0x22, ...scratch);
    this.emit(...constant);
    this.emit(0x20, ...scratch);
    this.emit(0x20, ...scratch);
    this.emit(...{ f32: [0x5b], f64: [0x61], f32x4: [0xfd, 0x41], f64x2: [0xfd, 0x47] }[shape]);
    this.emit(...(type === V128 ? [0xfd, 0x52] : [0x1b]));
  }

  protected block(type: number | undefined, opcode: number): void {
    this.emit(opcode, type ?? 0x40);
    this.labels.push({ results: type === undefined ? [] : [type], isLoop: opcode === 0x03 });
  }

  protected end(): void {
    this.emit(0x0b);
    this.labels.pop();
  }

  protected blockValue(type: number, depth: number): void {
    this.block(type, 0x02);
    if (this.dice.chance(70)) this.statement(depth - 1);
    this.value(type, depth - 1);
    if (this.dice.chance(50)) {
      this.value(I32, 1);
      this.emit(0x0d, 0);
    }
    this.end();
  }

  protected ifValue(type: number, depth: number): void {
    this.value(I32, depth - 1);
    this.block(type, 0x04);
    this.value(type, depth - 1);
    this.emit(0x05);
    if (this.dice.chance(30)) this.statement(depth - 1);
    this.value(type, depth - 1);
    this.end();
  }

  protected callValue(type: number, depth: number): void {
    const callees = this.functionTypes.flatMap((each, index) => {
      const { results } = this.types[each] as Signature;
      return index > this.self && results.length === 1 && results[0] === type ? [index] : [];
    });
    if (callees.length === 0) {
      this.constant(type);
      return;
    }
    this.call(this.dice.pick(callees), depth);
  }

  protected call(callee: number, depth: number): void {
    const type = this.functionTypes[callee] as number;
    for (const param of (this.types[type] as Signature).params) this.value(param, depth - 1);
    if (this.dice.chance(60)) {
      this.emit(0x10, ...unsigned(callee));
      return;
    }
    this.emit(0x41, ...signed(callee));
    this.emit(0x11, ...unsigned(type), 0);
  }
}
