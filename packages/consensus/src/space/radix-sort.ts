/** Indices of `keys[0 … count)` in ascending order of the keys, equal keys in their first order. Keys have `bits` bits. */
export function sortedOrder(keys: Uint32Array, count: number, bits: number): Uint32Array {
  const passes = Math.ceil(bits / 12);
  const digitBits = Math.ceil(bits / passes);
  const mask = 2 ** digitBits - 1;
  let order = new Uint32Array(count);
  let spare = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const starts = new Uint32Array(mask + 2);
  for (let pass = 0; pass < passes; pass++) {
    const shift = pass * digitBits;
    starts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = ((keys[i] as number) >>> shift) & mask;
      starts[digit + 1] = (starts[digit + 1] as number) + 1;
    }
    for (let d = 1; d <= mask; d++) starts[d] = (starts[d] as number) + (starts[d - 1] as number);
    for (let i = 0; i < count; i++) {
      const index = order[i] as number;
      const digit = ((keys[index] as number) >>> shift) & mask;
      const at = starts[digit] as number;
      starts[digit] = at + 1;
      spare[at] = index;
    }
    [order, spare] = [spare, order];
  }
  return order;
}

/** The values of `source` in the given order, `width` consecutive values to an index. */
export function gather(source: Uint32Array, order: Uint32Array, width = 1): Uint32Array {
  const out = new Uint32Array(order.length * width);
  for (let i = 0; i < order.length; i++) {
    const from = (order[i] as number) * width;
    for (let w = 0; w < width; w++) out[i * width + w] = source[from + w] as number;
  }
  return out;
}
