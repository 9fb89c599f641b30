/** WebAssembly modules of hm-abi-1 for tests, put together byte by byte: they differ in what `hm_call` does. */

const section = (id: number, content: readonly number[]) => [id, content.length, ...content];
const exported = (name: string, kind: number, index: number) => [
  name.length,
  ...Buffer.from(name),
  kind,
  index,
];
const body = (code: readonly number[]) => [code.length + 2, 0, ...code, 0x0b];

/** A module whose `hm_call` has this code; its memory begins with one page, its input lies at 1,024. */
function guest(hmCall: readonly number[]): Uint8Array {
  const i32 = 0x7f;
  const i64 = 0x7e;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [3, 0x60, 0, 1, i32, 0x60, 1, i32, 1, i32, 0x60, 4, i32, i32, i32, i32, 1, i64]),
    ...section(3, [3, 0, 1, 2]),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, i32, 1, 0x41, 0x80, 0x08, 0x0b]),
    ...section(7, [
      4,
      ...exported('memory', 2, 0),
      ...exported('hm_abi', 0, 0),
      ...exported('hm_alloc', 0, 1),
      ...exported('hm_call', 0, 2),
    ]),
    ...section(10, [
      3,
      ...body([0x41, 1]),
      // Gives the place and moves on by what was asked for: global.get 0, and global.set 0 to it plus the length.
      ...body([0x23, 0, 0x23, 0, 0x20, 0, 0x6a, 0x24, 0]),
      ...body(hmCall),
    ]),
  ]);
}

/** Answers its input. */
export const echo: Uint8Array = guest([0x20, 2, 0xad, 0x42, 32, 0x86, 0x20, 3, 0xad, 0x84]);
/** Loops for ever. */
export const spin: Uint8Array = guest([0x03, 0x40, 0x0c, 0, 0x0b, 0x00]);
/** Grows its memory page by page until that is refused. */
export const memoryBomb: Uint8Array = guest([
  0x03, 0x40, 0x41, 1, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b, 0x00,
]);
/** Ends itself. */
export const trap: Uint8Array = guest([0x00]);
/** No module at all. */
export const garbage: Uint8Array = Buffer.from('\u0000asm and then nothing that follows');
