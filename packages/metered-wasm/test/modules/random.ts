import {
  doubleBytes,
  F32,
  F64,
  FUNCREF,
  floatBytes,
  type FunctionSpec,
  I32,
  I64,
  type Instruction,
  type ModuleSpec,
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

/** Integers lie below this address, floats at and above it. */
export const FLOAT_BASE = 32_768;
export const FLOAT_TYPES = new Set([F32, F64, V128]);
const LOOP_TURNS = 5;

class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

interface Label {
  readonly results: readonly number[];
  readonly isLoop: boolean;
}

const FUNCTIONS = 5;
const VALUE_TYPES = [I32, I32, I32, I64, I64, F32, F64, V128];

/**
 * Builds a valid module from a seed. Functions call only later ones, loops count their turns, so every call ends.
 * Export `run` is function 0 of type (i32, i64) -> (i32).
 */
export function randomModule(seed: number, options: RandomOptions = {}): ModuleSpec {
  return new ModuleBuilder(new Dice(seed), options).build();
}

class ModuleBuilder {
  readonly #dice: Dice;
  readonly #options: RandomOptions;
  readonly #types: Signature[] = [{ params: [I32, I64], results: [I32] }];
  readonly #functionTypes: number[] = [0];
  readonly #globalTypes = [I32, I64, F32, F64];
  #locals: number[] = [];
  #reserved = new Set<number>();
  #scratch = new Map<number, number>();
  #labels: Label[] = [];
  #self = 0;
  #budget = 0;
  #out: Instruction[] = [];

  constructor(dice: Dice, options: RandomOptions) {
    this.#dice = dice;
    this.#options = options;
  }

  build(): ModuleSpec {
    const dice = this.#dice;
    for (let count = 1; count < FUNCTIONS; count++) {
      const params = Array.from({ length: dice.below(4) }, () => dice.pick(VALUE_TYPES));
      const results = Array.from({ length: dice.below(3) }, () => dice.pick(VALUE_TYPES));
      this.#functionTypes.push(this.#typeIndex({ params, results }));
    }
    const functions = this.#functionTypes.map((type, index) => this.#function(type, index));
    return {
      types: this.#types,
      functions,
      tables: [{ min: FUNCTIONS, max: 40 }],
      memory: { min: 1, max: 4 },
      tags: [this.#typeIndex({ params: [I32], results: [] })],
      globals: [
        { type: I32, init: [0x41, ...signed(7)] },
        { type: I64, init: [0x42, ...signed(-9)] },
        { type: F32, init: [0x43, ...floatBytes(1.5)] },
        { type: F64, init: [0x44, ...doubleBytes(-0.25)] },
      ],
      exports: [
        { name: 'run', kind: 0, index: 0 },
        { name: 'memory', kind: 2, index: 0 },
        { name: 'g0', kind: 3, index: 0 },
        { name: 'g1', kind: 3, index: 1 },
      ],
      elements: Array.from({ length: FUNCTIONS }, (_, index) => index),
      data: [Array.from({ length: 40 }, (_, at) => (at * 7) & 0xff)],
    };
  }

  #typeIndex(type: Signature): number {
    const same = this.#types.findIndex((each) => `${each.params}>${each.results}` === `${type.params}>${type.results}`);
    return same >= 0 ? same : this.#types.push(type) - 1;
  }

  #function(type: number, index: number): FunctionSpec {
    const dice = this.#dice;
    const { params, results } = this.#types[type] as Signature;
    const locals = Array.from({ length: dice.below(12) }, () => dice.pick(VALUE_TYPES));
    this.#locals = [...params, ...locals];
    this.#reserved = new Set();
    this.#scratch = new Map();
    this.#labels = [{ results, isLoop: false }];
    this.#self = index;
    this.#budget = 120;
    this.#out = [];
    for (let left = 1 + dice.below(6); left > 0; left--) this.#statement(4);
    for (const result of results) this.#value(result, 4);
    return { type, locals: this.#locals.slice(params.length), body: this.#out };
  }

  #emit(...bytes: readonly number[]): void {
    this.#out.push(bytes);
    this.#budget--;
  }

  #local(type: number): number {
    const known = this.#locals.flatMap((each, at) => (each === type && !this.#reserved.has(at) ? [at] : []));
    if (known.length > 0) return this.#dice.pick(known);
    return this.#locals.push(type) - 1;
  }

  #constant(type: number): void {
    const dice = this.#dice;
    const integers = [0, 1, -1, 2, 31, 63, 64, 255, 1000, -2147483648, 2147483647, dice.below(2 ** 31)];
    const wild = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1];
    const floats =
      this.#options.arithmeticFloatsOnly === true
        ? wild
        : [0, -0, 1, -1.5, 1e30, -1e-30, Number.POSITIVE_INFINITY, 4294967296, dice.below(1000)];
    if (type === I32) this.#emit(0x41, ...signed(dice.pick(integers)));
    else if (type === I64) this.#emit(0x42, ...signed(dice.pick(integers)));
    else if (type === F32) this.#emit(0x43, ...floatBytes(dice.pick(floats)));
    else if (type === F64) this.#emit(0x44, ...doubleBytes(dice.pick(floats)));
    else this.#emit(0xfd, 0x0c, ...doubleBytes(dice.pick(floats)), ...doubleBytes(dice.pick(floats)));
  }

  #address(isFloat: boolean): void {
    this.#value(I32, 1);
    this.#emit(0x41, ...signed(0x3ff8));
    this.#emit(0x71);
    if (isFloat) {
      this.#emit(0x41, ...signed(FLOAT_BASE));
      this.#emit(0x72);
    }
  }

  /** Leaves one value of a type on the stack. */
  #value(type: number, depth: number): void {
    const dice = this.#dice;
    if (depth <= 0 || this.#budget <= 0) {
      if (dice.chance(50)) this.#constant(type);
      else this.#emit(0x20, ...unsigned(this.#local(type)));
      return;
    }
    const roll = dice.below(100);
    if (roll < 50) return this.#operation(type, depth);
    if (roll < 60) return this.#emit(0x20, ...unsigned(this.#local(type)));
    if (roll < 66) return this.#constant(type);
    if (roll < 72) return this.#blockValue(type, depth);
    if (roll < 78) return this.#ifValue(type, depth);
    if (roll < 82) {
      this.#value(type, depth - 1);
      return this.#emit(0x22, ...unsigned(this.#local(type)));
    }
    if (roll < 87 && type !== V128) {
      this.#value(type, depth - 1);
      this.#value(type, depth - 1);
      this.#value(I32, depth - 1);
      return dice.chance(50) ? this.#emit(0x1b) : this.#emit(0x1c, 1, type);
    }
    if (roll < 91 && this.#globalTypes.includes(type)) return this.#emit(0x23, this.#globalTypes.indexOf(type));
    if (roll < 96) return this.#callValue(type, depth);
    return this.#load(type);
  }

  #load(type: number): void {
    const arithmeticOnly = this.#options.arithmeticFloatsOnly === true;
    const isFloat = FLOAT_TYPES.has(type);
    if (isFloat && arithmeticOnly) return this.#constant(type);
    const loads: Record<number, readonly number[][]> = {
      [I32]: [[0x28, 2], [0x2c, 0], [0x2f, 1]],
      [I64]: [[0x29, 3], [0x31, 0], [0x34, 2]],
      [F32]: [[0x2a, 2]],
      [F64]: [[0x2b, 3]],
      [V128]: [[0xfd, 0, 4], [0xfd, 0x5d, 3]],
    };
    this.#address(isFloat);
    this.#emit(...this.#dice.pick(loads[type] ?? []), ...unsigned(this.#dice.below(64)));
  }

  #operation(type: number, depth: number): void {
    const arithmeticOnly = this.#options.arithmeticFloatsOnly === true;
    const fitting = OPERATIONS.filter((each) => each.result === type && !(arithmeticOnly && each.showsBits === true));
    if (fitting.length === 0) return this.#constant(type);
    const operation: Operation = this.#dice.pick(fitting);
    for (const operand of operation.operands) this.#value(operand, depth - 1);
    this.#emit(...operation.code);
    if (operation.makes !== undefined && this.#options.canonicalFloats === true) this.#canonical(operation.makes);
  }

  #canonical(shape: 'f32' | 'f64' | 'f32x4' | 'f64x2'): void {
    const type = { f32: F32, f64: F64, f32x4: V128, f64x2: V128 }[shape];
    const known = this.#scratch.get(type) ?? this.#locals.push(type) - 1;
    this.#scratch.set(type, known);
    this.#reserved.add(known);
    const scratch = unsigned(known);
    const nan32 = floatBytes(Number.NaN);
    const nan64 = doubleBytes(Number.NaN);
    const constant = {
      f32: [0x43, ...nan32],
      f64: [0x44, ...nan64],
      f32x4: [0xfd, 0x0c, ...nan32, ...nan32, ...nan32, ...nan32],
      f64x2: [0xfd, 0x0c, ...nan64, ...nan64],
    }[shape];
    this.#emit(0x22, ...scratch);
    this.#emit(...constant);
    this.#emit(0x20, ...scratch);
    this.#emit(0x20, ...scratch);
    this.#emit(...{ f32: [0x5b], f64: [0x61], f32x4: [0xfd, 0x41], f64x2: [0xfd, 0x47] }[shape]);
    this.#emit(...(type === V128 ? [0xfd, 0x52] : [0x1b]));
  }

  #block(type: number | undefined, opcode: number): void {
    this.#emit(opcode, type ?? 0x40);
    this.#labels.push({ results: type === undefined ? [] : [type], isLoop: opcode === 0x03 });
  }

  #end(): void {
    this.#emit(0x0b);
    this.#labels.pop();
  }

  #blockValue(type: number, depth: number): void {
    this.#block(type, 0x02);
    if (this.#dice.chance(70)) this.#statement(depth - 1);
    this.#value(type, depth - 1);
    if (this.#dice.chance(50)) {
      this.#value(I32, 1);
      this.#emit(0x0d, 0);
    }
    this.#end();
  }

  #ifValue(type: number, depth: number): void {
    this.#value(I32, depth - 1);
    this.#block(type, 0x04);
    this.#value(type, depth - 1);
    this.#emit(0x05);
    if (this.#dice.chance(30)) this.#statement(depth - 1);
    this.#value(type, depth - 1);
    this.#end();
  }

  #callValue(type: number, depth: number): void {
    const callees = this.#functionTypes.flatMap((each, index) => {
      const { results } = this.#types[each] as Signature;
      return index > this.#self && results.length === 1 && results[0] === type ? [index] : [];
    });
    if (callees.length === 0) return this.#constant(type);
    this.#call(this.#dice.pick(callees), depth);
  }

  #call(callee: number, depth: number): void {
    const type = this.#functionTypes[callee] as number;
    for (const param of (this.#types[type] as Signature).params) this.#value(param, depth - 1);
    if (this.#dice.chance(60)) return this.#emit(0x10, ...unsigned(callee));
    this.#emit(0x41, ...signed(callee));
    this.#emit(0x11, ...unsigned(type), 0);
  }

  /** Something without a result. */
  #statement(depth: number): void {
    const dice = this.#dice;
    if (depth <= 0 || this.#budget <= 0) return;
    const roll = dice.below(100);
    if (roll < 25) {
      const type = dice.pick(VALUE_TYPES);
      this.#value(type, depth);
      this.#emit(0x21, ...unsigned(this.#local(type)));
    } else if (roll < 40) this.#store(depth);
    else if (roll < 52) this.#loop(depth);
    else if (roll < 62) this.#branchingBlock(depth);
    else if (roll < 70) this.#bulk(depth);
    else if (roll < 76) {
      const global = dice.below(this.#globalTypes.length);
      this.#value(this.#globalTypes[global] as number, depth - 1);
      this.#emit(0x24, global);
    } else if (roll < 84) this.#callStatement(depth);
    else if (roll < 88) this.#leaveEarly(depth);
    else if (roll < 93) this.#switch(depth);
    else if (roll < 96 && this.#options.withExceptions === true) this.#try(depth);
    else {
      this.#value(dice.pick(VALUE_TYPES), depth - 1);
      this.#emit(0x1a);
    }
  }

  #store(depth: number): void {
    const type = this.#dice.pick(this.#options.arithmeticFloatsOnly === true ? [F32, F64, I32] : VALUE_TYPES);
    const stores: Record<number, readonly number[][]> = {
      [I32]: [[0x36, 2], [0x3a, 0], [0x3b, 1]],
      [I64]: [[0x37, 3], [0x3e, 2]],
      [F32]: [[0x38, 2]],
      [F64]: [[0x39, 3]],
      [V128]: [[0xfd, 0x0b, 4]],
    };
    this.#address(FLOAT_TYPES.has(type));
    this.#value(type, depth - 1);
    this.#emit(...this.#dice.pick(stores[type] ?? []), ...unsigned(8 * this.#dice.below(8)));
  }

  #loop(depth: number): void {
    const counter = this.#locals.push(I32) - 1;
    this.#reserved.add(counter);
    this.#emit(0x41, 0);
    this.#emit(0x21, ...unsigned(counter));
    this.#block(undefined, 0x03);
    for (let left = 1 + this.#dice.below(2); left > 0; left--) this.#statement(depth - 1);
    this.#emit(0x20, ...unsigned(counter));
    this.#emit(0x41, 1);
    this.#emit(0x6a);
    this.#emit(0x22, ...unsigned(counter));
    this.#emit(0x41, LOOP_TURNS);
    this.#emit(0x48);
    this.#emit(0x0d, 0);
    if (this.#dice.chance(40)) this.#statement(depth - 2);
    this.#end();
  }

  #branchingBlock(depth: number): void {
    this.#block(undefined, 0x02);
    this.#statement(depth - 1);
    this.#value(I32, depth - 1);
    this.#emit(0x0d, 0);
    this.#statement(depth - 1);
    if (this.#dice.chance(30)) this.#emit(0x0c, 0);
    this.#end();
    if (this.#dice.chance(30)) this.#emit(0x01);
  }

  #switch(depth: number): void {
    for (let left = 3; left > 0; left--) this.#block(undefined, 0x02);
    this.#value(I32, depth - 1);
    this.#emit(0x0e, 3, 0, 1, 2, 1);
    for (let left = 3; left > 0; left--) {
      this.#end();
      this.#statement(depth - 2);
    }
  }

  /** A branch to a label that takes no values, or a return, behind a condition. */
  #leaveEarly(depth: number): void {
    const targets = this.#labels.flatMap((label, at) =>
      at > 0 && !label.isLoop && label.results.length === 0 ? [this.#labels.length - 1 - at] : [],
    );
    this.#value(I32, depth - 1);
    this.#block(undefined, 0x04);
    if (targets.length > 0 && this.#dice.chance(50)) {
      this.#emit(0x0c, ...unsigned(1 + this.#dice.pick(targets)));
    } else {
      const { results } = this.#labels[0] as Label;
      const same = this.#functionTypes.flatMap((type, index) =>
        index > this.#self && `${(this.#types[type] as Signature).results}` === `${results}` ? [index] : [],
      );
      if (same.length > 0 && this.#dice.chance(40)) {
        const callee = this.#dice.pick(same);
        const type = this.#functionTypes[callee] as number;
        for (const param of (this.#types[type] as Signature).params) this.#value(param, depth - 1);
        this.#emit(0x12, ...unsigned(callee));
      } else {
        for (const result of results) this.#value(result, depth - 1);
        this.#emit(0x0f);
      }
    }
    this.#end();
  }

  #callStatement(depth: number): void {
    if (this.#self + 1 >= FUNCTIONS) return;
    const callee = this.#self + 1 + this.#dice.below(FUNCTIONS - this.#self - 1);
    this.#call(callee, depth);
    const { results } = this.#types[this.#functionTypes[callee] as number] as Signature;
    for (const _ of results) this.#emit(0x1a);
  }

  #bulk(depth: number): void {
    const small = () => {
      this.#value(I32, depth - 1);
      this.#emit(0x41, ...signed(63));
      this.#emit(0x71);
    };
    switch (this.#dice.below(8)) {
      case 0:
        this.#address(false);
        this.#value(I32, depth - 1);
        small();
        return this.#emit(0xfc, 11, 0);
      case 1:
        this.#address(false);
        this.#address(false);
        small();
        return this.#emit(0xfc, 10, 0, 0);
      case 2:
        this.#address(false);
        this.#emit(0x41, 0);
        this.#emit(0x41, ...signed(this.#dice.below(44)));
        return this.#emit(0xfc, 8, 0, 0);
      case 3:
        this.#emit(0x41, this.#dice.below(3));
        this.#emit(0x40, 0);
        return this.#emit(0x21, ...unsigned(this.#local(I32)));
      case 4:
        this.#emit(0xd0, FUNCREF);
        this.#emit(0x41, this.#dice.below(20));
        this.#emit(0xfc, 15, 0);
        return this.#emit(0x21, ...unsigned(this.#local(I32)));
      case 5:
        this.#emit(0x41, FUNCTIONS);
        this.#emit(0xd2, this.#dice.below(FUNCTIONS));
        this.#emit(0x41, this.#dice.below(2));
        return this.#emit(0xfc, 17, 0);
      case 6:
        this.#emit(0x41, 0);
        this.#emit(0x41, 0);
        this.#emit(0x41, this.#dice.below(FUNCTIONS));
        return this.#emit(0xfc, 14, 0, 0);
      default:
        this.#emit(0x3f, 0);
        return this.#emit(0x21, ...unsigned(this.#local(I32)));
    }
  }

  #try(depth: number): void {
    this.#block(undefined, 0x06);
    this.#statement(depth - 1);
    this.#value(I32, depth - 1);
    this.#block(undefined, 0x04);
    this.#value(I32, depth - 1);
    this.#emit(0x08, 0);
    this.#end();
    this.#statement(depth - 1);
    if (this.#dice.chance(70)) {
      this.#emit(0x07, 0);
      this.#emit(0x21, ...unsigned(this.#local(I32)));
    } else {
      this.#emit(0x19);
    }
    this.#statement(depth - 1);
    this.#end();
  }
}
