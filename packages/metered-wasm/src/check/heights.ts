import type { Steps } from './decode.ts';
import type { Outline, Signature } from './outline.ts';

interface Frame {
  readonly base: number;
  readonly type: Signature;
}

const NOTHING: Signature = { params: [], results: [] };

const SIMD_LANE_READS = new Set([0x15, 0x16, 0x18, 0x19, 0x1b, 0x1d, 0x1f, 0x21]);
const SIMD_UNARY = new Set([
  0x4d, 0x53, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63, 0x64, 0x67, 0x68, 0x69, 0x6a, 0x74, 0x75, 0x7a, 0x7c, 0x7d,
  0x7e, 0x7f, 0x80, 0x81, 0x83, 0x84, 0x87, 0x88, 0x89, 0x8a, 0x94, 0xa0, 0xa1, 0xa3, 0xa4, 0xa7, 0xa8, 0xa9,
  0xaa, 0xc0, 0xc1, 0xc3, 0xc4, 0xc7, 0xc8, 0xc9, 0xca, 0xe0, 0xe1, 0xe3, 0xec, 0xed, 0xef, 0xf8, 0xf9, 0xfa,
  0xfb, 0xfc, 0xfd, 0xfe, 0xff,
]);

type Effect = readonly [pops: number, pushes: number];
const PUSH: Effect = [0, 1];
const UNARY: Effect = [1, 1];
const BINARY: Effect = [2, 1];
const STORE: Effect = [2, 0];
const TERNARY: Effect = [3, 1];
const BULK: Effect = [3, 0];
const NONE: Effect = [0, 0];

function simdEffect(number: number): Effect {
  if (number === 0x0b || (number >= 0x58 && number <= 0x5b)) return STORE;
  if (number === 0x0c) return PUSH;
  if (number === 0x52) return TERNARY;
  const isLoad = number <= 0x0a || number === 0x5c || number === 0x5d;
  const isSplat = number >= 0x0f && number <= 0x14;
  return isLoad || isSplat || SIMD_LANE_READS.has(number) || SIMD_UNARY.has(number) ? UNARY : BINARY;
}

function miscellaneousEffect(number: number): Effect {
  if (number <= 7) return UNARY;
  if (number === 9 || number === 13) return NONE;
  if (number === 15) return BINARY;
  return number === 16 ? PUSH : BULK;
}

/** Operands that an instruction takes and gives, apart from control and calls; opcodes as `step` numbers them. */
export function effectOf(op: number): Effect {
  if (op >= 0xfd00) return simdEffect(op & 0xff);
  if (op >= 0xfc00) return miscellaneousEffect(op & 0xff);
  if (op <= 0x01) return NONE;
  if (op === 0x1b || op === 0x1c) return TERNARY;
  if (op === 0x1a || op === 0x21 || op === 0x24) return [1, 0];
  if (op === 0x26 || (op >= 0x36 && op <= 0x3e)) return STORE;
  if (op === 0x20 || op === 0x23 || op === 0x3f || (op >= 0x41 && op <= 0x44)) return PUSH;
  if (op === 0xd0 || op === 0xd2) return PUSH;
  const isBinary =
    (op >= 0x46 && op <= 0x4f) ||
    (op >= 0x51 && op <= 0x66) ||
    (op >= 0x6a && op <= 0x78) ||
    (op >= 0x7c && op <= 0x8a) ||
    (op >= 0x92 && op <= 0x98) ||
    (op >= 0xa0 && op <= 0xa6);
  return isBinary ? BINARY : UNARY;
}

/**
 * How many values lie on the operand stack of a function, and what its control flow weighs. Of valid code alone: the
 * types of the values are left to the engine. Behind an unconditional branch a stack gives whatever is asked.
 */
export class Heights {
  readonly #outline: Outline;
  readonly #frames: Frame[];
  readonly #locals: number;
  #height = 0;
  /** Most values at a time. */
  most = 0;
  /** Locals and operands that lie open at each instruction where paths part or meet, summed. */
  weight = 0;

  constructor(outline: Outline, type: Signature, locals: number) {
    this.#outline = outline;
    this.#locals = locals;
    this.#frames = [{ base: 0, type: { params: [], results: type.results } }];
  }

  #pop(count: number): void {
    this.#height = Math.max(this.#frames.at(-1)?.base ?? 0, this.#height - count);
  }

  #push(count: number): void {
    this.#height += count;
    if (this.#height > this.most) this.most = this.#height;
  }

  #weigh(times = 1): void {
    this.weight += times * (this.#locals + this.#height);
  }

  #blockType(block: number): Signature {
    if (block >= 0) return this.#outline.types[block] ?? NOTHING;
    return block === -64 ? NOTHING : { params: [], results: [block + 128] };
  }

  #typeOfFunction(index: number): Signature {
    const { imports, functions, types } = this.#outline;
    const own = index - imports.length;
    return types[(own < 0 ? imports[index]?.type : functions[own]) ?? -1] ?? NOTHING;
  }

  #leave(): void {
    this.#height = this.#frames.at(-1)?.base ?? 0;
  }

  /** Goes on behind a call; `isTail` ones do not come back. */
  #call({ params, results }: Signature, isTail: boolean): void {
    this.weight += params.length + results.length;
    this.#pop(params.length);
    if (isTail) this.#leave();
    else this.#push(results.length);
  }

  open(block: number): void {
    const type = this.#blockType(block);
    this.#weigh();
    this.#pop(type.params.length);
    this.#frames.push({ base: this.#height, type });
    this.#push(type.params.length);
  }

  #nextArm(count: number): void {
    this.#leave();
    this.#push(count);
    this.#weigh();
  }

  #close(): void {
    this.#weigh();
    const frame = this.#frames.pop();
    this.#height = frame?.base ?? 0;
    this.#push(frame?.type.results.length ?? 0);
  }

  /** Goes on behind the instruction at `at`. */
  step(steps: Steps, at: number): void {
    const op = steps.op(at);
    const a = steps.first(at);
    switch (op) {
      case 0x04:
        this.#pop(1);
        this.open(a);
        return;
      case 0x02:
      case 0x03:
      case 0x06:
        this.open(a);
        return;
      case 0x05:
        this.#nextArm(this.#frames.at(-1)?.type.params.length ?? 0);
        return;
      case 0x07:
        this.#nextArm(this.#outline.tags[a]?.params.length ?? 0);
        return;
      case 0x19:
        this.#nextArm(0);
        return;
      case 0x0b:
      case 0x18:
        this.#close();
        return;
      case 0x0d:
        this.#pop(1);
        this.#weigh();
        return;
      case 0x0c:
        this.#weigh();
        this.#leave();
        return;
      case 0x0e:
        this.#pop(1);
        this.#weigh(steps.labels(at).length);
        this.#leave();
        return;
      case 0x00:
      case 0x08:
      case 0x09:
      case 0x0f:
        this.#leave();
        return;
      case 0x10:
      case 0x12:
        this.#call(this.#typeOfFunction(a), op === 0x12);
        return;
      case 0x11:
      case 0x13:
        this.#pop(1);
        this.#call(this.#outline.types[a] ?? NOTHING, op === 0x13);
        return;
      default: {
        const [pops, pushes] = effectOf(op);
        this.#pop(pops);
        this.#push(pushes);
      }
    }
  }
}
