/* An independent slow reading of the code: carry-less multiplication bit by bit, and plain elimination over all rows. */

/** Product in GF(2^8) modulo 0x11d, by shifting and adding. */
function slowMultiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) if ((b >> bit) & 1) product ^= a << bit;
  for (let bit = 15; bit >= 8; bit--) if ((product >> bit) & 1) product ^= 0x11d << (bit - 8);
  return product;
}

/** Inverse by trying all elements. */
function slowInverse(a: number): number {
  for (let b = 1; b < 256; b++) if (slowMultiply(a, b) === 1) return b;
  throw new RangeError('zero has no inverse');
}

/** Row `shard` of the generator: the identity, then 1 / (shard + column). */
function generatorRow(shard: number, data: number): number[] {
  return Array.from({ length: data }, (_, column) =>
    shard < data ? Number(shard === column) : slowInverse(shard ^ column),
  );
}

/** One shard, byte by byte. */
export function slowShard(shard: number, data: readonly Uint8Array[]): Uint8Array {
  const row = generatorRow(shard, data.length);
  return Uint8Array.from({ length: data[0]?.length ?? 0 }, (_, at) =>
    row.reduce((sum, factor, column) => sum ^ slowMultiply(factor, data[column]?.[at] ?? 0), 0),
  );
}

/** Solves for all data from `data` present shards by elimination with the shards' bytes as right-hand sides. */
export function slowData(present: ReadonlyMap<number, Uint8Array>, data: number): Uint8Array[] {
  const rows = [...present]
    .slice(0, data)
    .map(([shard, bytes]) => ({ row: generatorRow(shard, data), bytes: Uint8Array.from(bytes) }));
  const add = (to: (typeof rows)[number], from: (typeof rows)[number], factor: number) => {
    to.row = to.row.map((value, column) => value ^ slowMultiply(factor, from.row[column] ?? 0));
    to.bytes = to.bytes.map((value, at) => value ^ slowMultiply(factor, from.bytes[at] ?? 0));
  };
  for (let column = 0; column < data; column++) {
    const pivot = rows.findIndex((candidate, at) => at >= column && candidate.row[column] !== 0);
    const [found] = rows.splice(pivot, 1);
    if (found === undefined) throw new RangeError('the shards do not determine the data');
    rows.splice(column, 0, found);
    const scale = slowInverse(found.row[column] ?? 0);
    found.row = found.row.map((value) => slowMultiply(value, scale));
    found.bytes = found.bytes.map((value) => slowMultiply(value, scale));
    for (const other of rows) if (other !== found) add(other, found, other.row[column] ?? 0);
  }
  return rows.map(({ bytes }) => bytes);
}
