import { inverse, multiply } from './field.ts';

/**
 * Coefficients of parity over data, `parity` rows of `data` bytes: the Cauchy matrix 1 / ((data + row) + column), sums in
 * the field. Each of its square submatrices is invertible, so any `data` of all shards determine the rest. The same as
 * ISA-L's `gf_gen_cauchy1_matrix`.
 */
export function cauchyRows(data: number, parity: number): Uint8Array {
  const rows = new Uint8Array(parity * data);
  for (let row = 0; row < parity; row++)
    for (let column = 0; column < data; column++) rows[row * data + column] = inverse((data + row) ^ column);
  return rows;
}

/** The inverse of an invertible `size` x `size` matrix, by Gauss-Jordan elimination; `matrix` is used up. */
function invert(matrix: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size * size);
  for (let at = 0; at < size; at++) result[at * size + at] = 1;
  const at = (row: number, column: number) => matrix[row * size + column] as number;
  for (let pivot = 0; pivot < size; pivot++) {
    let row = pivot;
    while (at(row, pivot) === 0) row++;
    if (row !== pivot) {
      swapRows(matrix, size, row, pivot);
      swapRows(result, size, row, pivot);
    }
    const scale = inverse(at(pivot, pivot));
    scaleRow(matrix, size, pivot, scale);
    scaleRow(result, size, pivot, scale);
    for (let other = 0; other < size; other++) {
      const factor = other === pivot ? 0 : at(other, pivot);
      if (factor === 0) continue;
      addRow(matrix, size, { from: pivot, to: other, factor });
      addRow(result, size, { from: pivot, to: other, factor });
    }
  }
  return result;
}

function swapRows(matrix: Uint8Array, size: number, a: number, b: number): void {
  const row = matrix.slice(a * size, a * size + size);
  matrix.copyWithin(a * size, b * size, b * size + size);
  matrix.set(row, b * size);
}

function scaleRow(matrix: Uint8Array, size: number, row: number, factor: number): void {
  for (let at = row * size; at < row * size + size; at++) matrix[at] = multiply(matrix[at] as number, factor);
}

function addRow(
  matrix: Uint8Array,
  size: number,
  { from, to, factor }: { readonly from: number; readonly to: number; readonly factor: number },
): void {
  for (let at = 0; at < size; at++) {
    const added = multiply(matrix[from * size + at] as number, factor);
    matrix[to * size + at] = (matrix[to * size + at] as number) ^ added;
  }
}

/**
 * Coefficients of the `wanted` shards over the `chosen` ones, `wanted.length` rows of `data` bytes. `chosen` are `data`
 * distinct indexes in ascending order, so that its parity comes last. Only the part that the missing data takes up is
 * inverted: as many rows as there are chosen parity shards.
 */
export function recoveryRows(
  parityRows: Uint8Array,
  data: number,
  { chosen, wanted }: { readonly chosen: readonly number[]; readonly wanted: readonly number[] },
): Uint8Array {
  const isPresent = new Set(chosen);
  const missing: number[] = [];
  for (let index = 0; index < data; index++) if (!isPresent.has(index)) missing.push(index);
  const lost = missing.length;
  const kept = data - lost;
  const coefficient = (shard: number, column: number) => parityRows[(shard - data) * data + column] as number;

  const square = new Uint8Array(lost * lost);
  for (let row = 0; row < lost; row++)
    for (let column = 0; column < lost; column++)
      square[row * lost + column] = coefficient(chosen[kept + row] as number, missing[column] as number);
  const solved = invert(square, lost);

  // missing = solved * (chosen parity - what the present data gives to it)
  const missingRows = new Uint8Array(lost * data);
  for (let row = 0; row < lost; row++) {
    for (let inner = 0; inner < lost; inner++) {
      const factor = solved[row * lost + inner] as number;
      missingRows[row * data + kept + inner] = factor;
      for (let column = 0; column < kept; column++) {
        const place = row * data + column;
        const given = coefficient(chosen[kept + inner] as number, chosen[column] as number);
        missingRows[place] = (missingRows[place] as number) ^ multiply(factor, given);
      }
    }
  }

  const rows = new Uint8Array(wanted.length * data);
  wanted.forEach((shard, at) => {
    const row = rows.subarray(at * data, at * data + data);
    if (shard < data) {
      const place = missing.indexOf(shard);
      if (place === -1) row[chosen.indexOf(shard)] = 1;
      else row.set(missingRows.subarray(place * data, place * data + data));
      return;
    }
    for (let column = 0; column < kept; column++) row[column] = coefficient(shard, chosen[column] as number);
    for (let place = 0; place < lost; place++) {
      const factor = coefficient(shard, missing[place] as number);
      for (let column = 0; column < data; column++) {
        const added = multiply(factor, missingRows[place * data + column] as number);
        row[column] = (row[column] as number) ^ added;
      }
    }
  });
  return rows;
}
