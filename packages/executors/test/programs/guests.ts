import { utf8 } from '@hypermesh/core';
import type { Program } from '../../src/index.ts';

/** A script of one file. */
export function script(source: string | Readonly<Record<string, string>>): Program {
  const texts = typeof source === 'string' ? { 'index.js': source } : source;
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, utf8(text)]));
  return { type: 'library.javascript', files, entrypoint: 'index.js' };
}

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)]);
const section = (id: number, ...content: number[]): number[] => [id, ...leb(content.length), ...content];
const name = (text: string): number[] => [text.length, ...utf8(text)];
const body = (...code: number[]): number[] => [...leb(code.length + 2), 0, ...code, 0x0b];

/** A guest of hm-abi-1 in a memory of one page, whose operation is the given instructions; they leave an i64. */
export function guest(...operation: readonly number[]): Program {
  const module = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 3, 0x60, 0, 1, 0x7f, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7e),
    ...section(3, 3, 0, 1, 2),
    ...section(5, 1, 0, 1),
    ...section(
      7,
      4,
      ...name('hm_abi'),
      ...[0, 0],
      ...name('hm_alloc'),
      ...[0, 1],
      ...name('hm_call'),
      ...[0, 2],
      ...name('memory'),
      ...[2, 0],
    ),
    ...section(10, 3, ...body(0x41, 1), ...body(0x41, 0x80, 0x08), ...body(...operation)),
  ]);
  return { type: 'vm.wasm', files: new Map([['main.wasm', module]]), entrypoint: 'main.wasm' };
}

/** Answers its input. */
export const ECHO: Program = guest(0x20, 2, 0xad, 0x42, 0x20, 0x86, 0x20, 3, 0xad, 0x84);
/** Never ends. */
export const SPIN: Program = guest(0x03, 0x40, 0x0c, 0, 0x0b, 0x42, 0);
/** Grows its memory by a page until it cannot, then fails. */
export const MEMORY_BOMB: Program = guest(
  ...[0x03, 0x40, 0x41, 1, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b, 0x00],
);
/** Calls itself without end. */
export const RECURSE: Program = guest(0x20, 0, 0x20, 1, 0x20, 2, 0x20, 3, 0x10, 2, 0x42, 1, 0x7c);
/** Answers sixteen pages of zeros: grows by sixteen, then points at them. */
export const LARGE: Program = guest(
  ...[0x41, 16, 0x40, 0, 0x1a, 0x42, 0x80, 0x80, 0x40, 0x42, 0x20, 0x86, 0x50, 0x45, 0x1a],
  ...[0x42, 0x80, 0x80, 0xc0, 0],
);
