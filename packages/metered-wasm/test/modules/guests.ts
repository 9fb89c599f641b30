import { encodeModule, I32, I64, type Instruction, type ModuleSpec, signed } from './encoder.ts';

/** A guest of hm-abi-1 whose hm_call has this body; memory of one page, growing up to `maxPages`. */
export function guest(body: readonly Instruction[], more: Partial<ModuleSpec> = {}): ModuleSpec {
  return {
    types: [
      { params: [], results: [I32] },
      { params: [I32], results: [I32] },
      { params: [I32, I32, I32, I32], results: [I64] },
      { params: [], results: [] },
    ],
    functions: [
      { type: 0, locals: [], body: [[0x41, 1]] },
      {
        // A bump allocator behind the first kibibyte, in multiples of eight.
        type: 1,
        locals: [I32],
        body: [
          [0x23, 0],
          [0x22, 1],
          [0x20, 0],
          [0x6a],
          [0x41, 7],
          [0x6a],
          [0x41, ...signed(-8)],
          [0x71],
          [0x24, 0],
          [0x20, 1],
        ],
      },
      { type: 2, locals: [I32, I32, I64], body },
    ],
    memory: { min: 1 },
    tables: [{ min: 1 }],
    globals: [{ type: I32, init: [0x41, ...signed(1024)] }],
    exports: [
      { name: 'hm_abi', kind: 0, index: 0 },
      { name: 'hm_alloc', kind: 0, index: 1 },
      { name: 'hm_call', kind: 0, index: 2 },
      { name: 'memory', kind: 2, index: 0 },
    ],
    ...more,
  };
}

/** Answers the input as it is. */
export const ECHO: readonly Instruction[] = [
  [0x20, 2],
  [0xad],
  [0x42, 32],
  [0x86],
  [0x20, 3],
  [0xad],
  [0x84],
];

/** Answers nothing. */
export const NOTHING: readonly Instruction[] = [[0x42, 0]];

export const SPIN: readonly Instruction[] = [[0x03, 0x40], [0x0c, 0], [0x0b], [0x00]];

/** Calls itself for ever. */
export const RECURSE: readonly Instruction[] = [
  [0x20, 0],
  [0x20, 1],
  [0x20, 2],
  [0x20, 3],
  [0x10, 2],
];

/** Grows the memory page by page until that is refused, then gives up. */
export const MEMORY_BOMB: readonly Instruction[] = [
  [0x03, 0x40],
  [0x41, 1],
  [0x40, 0],
  [0x41, ...signed(-1)],
  [0x47],
  [0x0d, 0],
  [0x0b],
  [0x00],
];

/** Grows table 0 until that is refused, then gives up. */
export const TABLE_BOMB: readonly Instruction[] = [
  [0x03, 0x40],
  [0xd0, 0x70],
  [0x41, ...signed(1000)],
  [0xfc, 15, 0],
  [0x41, ...signed(-1)],
  [0x47],
  [0x0d, 0],
  [0x0b],
  [0x00],
];

/** Fills 64 KiB over and over. */
export const FILL_BOMB: readonly Instruction[] = [
  [0x03, 0x40],
  [0x41, 0],
  [0x41, 1],
  [0x41, ...signed(65_536)],
  [0xfc, 11, 0],
  [0x0c, 0],
  [0x0b],
  [0x00],
];

export function bytesOf(body: readonly Instruction[], more: Partial<ModuleSpec> = {}): Uint8Array {
  return encodeModule(guest(body, more));
}
