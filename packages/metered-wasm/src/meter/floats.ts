import { EMPTY_BLOCK, type Instructions } from '../binary/instructions.ts';
import type { FunctionType, ModuleShape } from '../binary/module.ts';
import { FloatRole, floatRoleOf, Op, popsOf, pushesOf } from '../binary/opcodes.ts';
import { refuse } from '../binary/reader.ts';
import { FLOW_WEIGHT } from '../profile.ts';

/** What one value on the operand stack may hold: an instruction's index, or one of these two. */
const EXACT = -1;
const NEVER_NAN = -2;

const F32 = 0x7d;
const F64 = 0x7c;
const MAX_ROUNDS = 4;
/** Locals that metering may add to a function, and a little more. */
const ADDED_LOCALS = 8;

/** How NaN is made canonical in a body, and how high its operand stack grows. */
export interface Floats {
  /** 0, or the value type (f32, f64), or 4 or 8 lanes' worth for f32x4 and f64x2, made canonical after `i`. */
  readonly canonicalAfter: Uint8Array;
  readonly maxHeight: number;
  readonly usesSimd: boolean;
  /** See `FLOW_WEIGHT`. */
  readonly weight: number;
}

/** Marks of `canonicalAfter` beside the two scalar value types. */
export const F32X4 = 4;
export const F64X2 = 8;

interface Frame {
  readonly height: number;
  readonly type: FunctionType;
  readonly isLoop: boolean;
}

const NOTHING: FunctionType = { params: [], results: [] };

/**
 * The specification leaves the bits of a NaN open that arithmetic makes, and lets every one of them be the positive
 * canonical NaN. Which NaN it was can be seen only where a float's bits are shown: in memory, in an integer, in
 * another function, in a global. So a value is followed from the instruction that makes it; where a consumer shows
 * its bits, the maker is marked. Locals that only ever hold such values, or none, are followed too. Vectors are made
 * canonical where they are made.
 */
export class FloatAnalysis {
  readonly #shape: ModuleShape;
  readonly #code: Instructions;
  readonly #type: FunctionType;
  readonly #localTypes: readonly number[];
  #followed: Uint8Array;
  #canonicalAfter: Uint8Array;
  #siteTypes: Uint8Array;
  #stack: number[] = [];
  #frames: Frame[] = [];
  #floor = 0;
  #maxHeight = 0;
  #lostLocal = false;
  #weight = 0;

  constructor(shape: ModuleShape, code: Instructions, type: FunctionType, localTypes: readonly number[]) {
    this.#shape = shape;
    this.#code = code;
    this.#type = type;
    this.#localTypes = localTypes;
    this.#followed = new Uint8Array(localTypes.length);
    this.#canonicalAfter = new Uint8Array(code.ops.length);
    this.#siteTypes = new Uint8Array(code.ops.length);
  }

  run(): Floats {
    for (let at = this.#type.params.length; at < this.#localTypes.length; at++) {
      const type = this.#localTypes[at];
      this.#followed[at] = type === F32 || type === F64 ? 1 : 0;
    }
    for (let round = 1; ; round++) {
      this.#walk();
      if (!this.#lostLocal) break;
      if (round === MAX_ROUNDS) this.#followed.fill(0);
    }
    const usesSimd = this.#code.ops.some((op) => op >= 0x200);
    return {
      canonicalAfter: this.#canonicalAfter,
      maxHeight: this.#maxHeight,
      usesSimd,
      weight: this.#weight,
    };
  }

  #push(value: number): void {
    this.#stack.push(value);
    if (this.#stack.length > this.#maxHeight) this.#maxHeight = this.#stack.length;
  }

  /** Takes a value; behind an unconditional branch the stack gives whatever is asked. */
  #pop(): number {
    return this.#stack.length > this.#floor ? (this.#stack.pop() as number) : EXACT;
  }

  #show(value: number): void {
    if (value >= 0) this.#canonicalAfter[value] = this.#siteTypes[value] as number;
  }

  /** Adds what lies open here, and `arity` values that are moved. */
  #weigh(arity: number, times = 1): void {
    this.#add(times * (this.#localTypes.length + ADDED_LOCALS + this.#stack.length + arity));
  }

  #add(weight: number): void {
    this.#weight += weight;
    if (this.#weight > FLOW_WEIGHT.inFunction) {
      refuse('too-large', `a function whose control flow weighs more than ${FLOW_WEIGHT.inFunction}`);
    }
  }

  #showMany(count: number): void {
    for (let left = count; left > 0; left--) this.#show(this.#pop());
  }

  #pushExact(count: number): void {
    for (let left = count; left > 0; left--) this.#push(EXACT);
  }

  #typeOfBlock(block: number): FunctionType {
    if (block === EMPTY_BLOCK) return NOTHING;
    if (block < 0) return { params: [], results: [-block] };
    return this.#shape.types[block] as FunctionType;
  }

  #open(block: number, isLoop: boolean): void {
    const type = this.#typeOfBlock(block);
    this.#weigh(type.params.length);
    this.#showMany(type.params.length);
    this.#frames.push({ height: this.#stack.length, type, isLoop });
    this.#floor = this.#stack.length;
    this.#pushExact(type.params.length);
  }

  #frame(label = 0): Frame {
    return this.#frames[this.#frames.length - 1 - label] as Frame;
  }

  #labelArity(label: number): number {
    const { type, isLoop } = this.#frame(label);
    return isLoop ? type.params.length : type.results.length;
  }

  /** What follows an unconditional branch has an empty stack that gives anything. */
  #leave(): void {
    this.#stack.length = this.#frame().height;
  }

  #close(): void {
    const { height, type } = this.#frame();
    this.#weigh(type.results.length);
    this.#showMany(type.results.length);
    this.#stack.length = height;
    this.#frames.pop();
    this.#floor = this.#frames.length > 0 ? this.#frame().height : 0;
    this.#pushExact(type.results.length);
  }

  /** A second or third arm of the block on top, which begins with `count` values. */
  #nextArm(count: number): void {
    const { height, type } = this.#frame();
    this.#weigh(type.results.length + count);
    this.#showMany(type.results.length);
    this.#stack.length = height;
    this.#pushExact(count);
  }

  #typeOfFunction(index: number): FunctionType {
    const { imports, functions, types } = this.#shape;
    const own = index - imports.length;
    const type = own < 0 ? imports[index]?.type : functions[own];
    return types[type as number] as FunctionType;
  }

  #typeOfTag(index: number): FunctionType {
    return this.#shape.types[this.#shape.tags[index] as number] as FunctionType;
  }

  #call(type: FunctionType, isTail: boolean): void {
    this.#add(type.params.length + type.results.length);
    this.#showMany(type.params.length);
    if (isTail) this.#leave();
    else this.#pushExact(type.results.length);
  }

  #isConstantNan(at: number): boolean {
    const { bytes } = this.#shape;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const offset = (this.#code.start[at] as number) + 1;
    return Number.isNaN(
      this.#code.ops[at] === Op.f32Const ? view.getFloat32(offset, true) : view.getFloat64(offset, true),
    );
  }

  #assign(at: number, local: number, isTee: boolean): void {
    const value = this.#pop();
    const isFollowed = this.#followed[local] === 1;
    if (!isFollowed) {
      this.#show(value);
    } else if (value === EXACT) {
      this.#followed[local] = 0;
      this.#lostLocal = true;
    }
    if (isTee) this.#read(at, local);
  }

  #read(at: number, local: number): void {
    if (this.#followed[local] !== 1) {
      this.#push(EXACT);
      return;
    }
    this.#siteTypes[at] = this.#localTypes[local] as number;
    this.#push(at);
  }

  #select(at: number): void {
    this.#pop();
    const second = this.#pop();
    const first = this.#pop();
    if (first === EXACT || second === EXACT) {
      this.#show(first);
      this.#show(second);
      this.#push(EXACT);
      return;
    }
    const site = Math.max(first, second);
    if (site < 0) {
      this.#push(NEVER_NAN);
      return;
    }
    this.#siteTypes[at] = this.#siteTypes[site] as number;
    this.#push(at);
  }

  #plain(at: number, op: number): void {
    const role = floatRoleOf[op] as number;
    for (let left = popsOf[op] as number; left > 0; left--) {
      const value = this.#pop();
      if (role === FloatRole.exact || role >= FloatRole.makesF32x4) this.#show(value);
    }
    if (pushesOf[op] === 0) return;
    switch (role) {
      case FloatRole.makesF32:
      case FloatRole.makesF64:
        this.#siteTypes[at] = role === FloatRole.makesF32 ? F32 : F64;
        this.#push(at);
        return;
      case FloatRole.clean:
        this.#push(NEVER_NAN);
        return;
      case FloatRole.makesF32x4:
        this.#canonicalAfter[at] = F32X4;
        break;
      case FloatRole.makesF64x2:
        this.#canonicalAfter[at] = F64X2;
        break;
    }
    const isConstant = op === Op.f32Const || op === Op.f64Const;
    this.#push(isConstant && !this.#isConstantNan(at) ? NEVER_NAN : EXACT);
  }

  #walk(): void {
    const { ops, first, branches } = this.#code;
    this.#canonicalAfter.fill(0);
    this.#stack = [];
    this.#frames = [{ height: 0, type: { params: [], results: this.#type.results }, isLoop: false }];
    this.#floor = 0;
    this.#lostLocal = false;
    // What a function weighs before its first instruction stands for the block that metering puts around it.
    this.#weight = 2 * (this.#localTypes.length + ADDED_LOCALS + this.#type.results.length);
    for (let at = 0; at < ops.length; at++) {
      const op = ops[at] as number;
      const index = first[at] as number;
      switch (op) {
        case Op.unreachable:
        case Op.rethrow:
          this.#leave();
          break;
        case Op.block:
        case Op.try:
          this.#open(index, false);
          break;
        case Op.loop:
          this.#open(index, true);
          break;
        case Op.if:
          this.#pop();
          this.#open(index, false);
          break;
        case Op.else:
          this.#nextArm(this.#frame().type.params.length);
          break;
        case Op.catch:
          this.#nextArm(this.#typeOfTag(index).params.length);
          break;
        case Op.catchAll:
          this.#nextArm(0);
          break;
        case Op.throw:
          this.#weigh(this.#typeOfTag(index).params.length);
          this.#showMany(this.#typeOfTag(index).params.length);
          this.#leave();
          break;
        case Op.end:
        case Op.delegate:
          this.#close();
          break;
        case Op.br:
          this.#weigh(this.#labelArity(index));
          this.#showMany(this.#labelArity(index));
          this.#leave();
          break;
        case Op.brIf: {
          this.#pop();
          const arity = this.#labelArity(index);
          this.#weigh(arity);
          this.#showMany(arity);
          this.#pushExact(arity);
          break;
        }
        case Op.brTable: {
          this.#pop();
          const labels = branches.get(at) ?? [];
          const arity = this.#labelArity(labels.at(-1) ?? 0);
          this.#weigh(arity, labels.length);
          this.#showMany(arity);
          this.#leave();
          break;
        }
        case Op.return:
          this.#weigh(this.#type.results.length);
          this.#showMany(this.#type.results.length);
          this.#leave();
          break;
        case Op.call:
        case Op.returnCall:
          this.#call(this.#typeOfFunction(index), op === Op.returnCall);
          break;
        case Op.callIndirect:
        case Op.returnCallIndirect:
          this.#pop();
          this.#call(this.#shape.types[index] as FunctionType, op === Op.returnCallIndirect);
          break;
        case Op.select:
        case Op.selectTyped:
          this.#select(at);
          break;
        case Op.localGet:
          this.#read(at, index);
          break;
        case Op.localSet:
        case Op.localTee:
          this.#assign(at, index, op === Op.localTee);
          break;
        case Op.drop:
          this.#pop();
          break;
        default:
          this.#plain(at, op);
      }
    }
  }
}
