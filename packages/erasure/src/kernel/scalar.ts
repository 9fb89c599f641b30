import { multiply } from '../field.ts';
import type { Backend, Plan } from './backend.ts';

/** Outputs whose products one table entry holds, a byte each. */
const LANES = 4;

/**
 * Plain JavaScript, where WebAssembly is missing or forbidden. A table a group of four outputs and input holds the four
 * products of each byte in one word, so that one look-up serves four outputs.
 */
export const scalarBackend: Backend = {
  name: 'scalar',
  plan(rows, inputs) {
    const outputs = rows.length / inputs;
    const tables: Uint32Array[] = [];
    for (let first = 0; first < outputs; first += LANES)
      for (let input = 0; input < inputs; input++) {
        const table = new Uint32Array(256);
        for (let lane = 0; lane < Math.min(LANES, outputs - first); lane++) {
          const coefficient = rows[(first + lane) * inputs + input] as number;
          for (let byte = 0; byte < 256; byte++)
            table[byte] = (table[byte] as number) | (multiply(coefficient, byte) << (8 * lane));
        }
        tables.push(table);
      }
    return { outputs, inputs, tables };
  },
  run(plan, inputs, outputs) {
    for (let first = 0; first < plan.outputs; first += LANES) runGroup(plan, first, inputs, outputs);
  },
};

/** Bytes that are summed up before they go to their outputs: the sums and one input stay in the first cache. */
const BLOCK = 2048;
const sums = new Uint32Array(BLOCK);

function runGroup(
  plan: Plan,
  first: number,
  inputs: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
): void {
  const tables = plan.tables as readonly Uint32Array[];
  const length = outputs[0]?.length ?? 0;
  const group = outputs.slice(first, first + LANES);
  for (let from = 0; from < length; from += BLOCK) {
    const size = Math.min(BLOCK, length - from);
    sums.fill(0, 0, size);
    for (let at = 0; at < plan.inputs; at++) {
      const input = inputs[at] as Uint8Array;
      const table = tables[(first / LANES) * plan.inputs + at] as Uint32Array;
      for (let place = 0; place < size; place++)
        sums[place] = (sums[place] as number) ^ (table[input[from + place] as number] as number);
    }
    group.forEach((output, lane) => {
      for (let place = 0; place < size; place++)
        output[from + place] = (sums[place] as number) >>> (8 * lane);
    });
  }
}
