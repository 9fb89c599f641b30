import type { ModuleShape } from '../binary/module.ts';
import { parseModule } from '../binary/parse.ts';
import { Refusal, refuse } from '../binary/reader.ts';
import { type Limits, type MeterOptions, resolveLimits } from '../options.ts';
import { RESERVED_PREFIX, TABLE_ELEMENTS } from '../profile.ts';
import type { MeterReason } from '../reasons.ts';
import { assemble } from './assemble.ts';
import { Layout } from './layout.ts';
import { planFunctions } from './plan.ts';

/** A metered module, or why there is none; `detail` is for people. */
export type MeterVerdict =
  | { readonly ok: true; readonly module: Uint8Array }
  | { readonly ok: false; readonly reason: MeterReason; readonly detail: string };

function refuseWhatIsNotAllowed(shape: ModuleShape, limits: Limits): void {
  for (const { module, name } of shape.imports) {
    const label = `${module}.${name}`;
    if (!limits.allowImports.includes(label)) refuse('import-not-allowed', JSON.stringify(label));
  }
  for (const { name } of shape.exports) {
    if (name.startsWith(RESERVED_PREFIX)) refuse('reserved-export', JSON.stringify(name));
  }
  const pages = shape.memory?.min ?? 0;
  if (pages > limits.memoryMaxPages) {
    refuse('memory-too-large', `memory starts with ${pages} pages, at most ${limits.memoryMaxPages}`);
  }
  for (const { limits: bounds } of shape.tables) {
    const most = tableCap(shape, limits);
    if (bounds.min > most) {
      refuse('table-too-large', `table starts with ${bounds.min} elements, at most ${most}`);
    }
  }
}

/** Cap of each table: the caller's, or an equal share of what all tables may have together. */
function tableCap({ tables }: ModuleShape, { tableMax }: Limits): number {
  return Math.min(tableMax, Math.floor(TABLE_ELEMENTS / Math.max(1, tables.length)));
}

/**
 * Rewrites a WebAssembly module so that it runs within bounds that a host sets: fuel by basic block and by length,
 * memory and table maxima, a bounded stack, canonical NaN, no import beyond the list. The same bytes and options give
 * the same module everywhere. Never throws, whatever the bytes; costs time and memory
 * in proportion to them.
 */
export function meter(bytes: Uint8Array, options: MeterOptions = {}): MeterVerdict {
  const limits = resolveLimits(options);
  try {
    if (!(bytes instanceof Uint8Array)) refuse('malformed', 'not a Uint8Array');
    if (bytes.length > limits.maxBytes) {
      refuse('too-large', `module of ${bytes.length} bytes, at most ${limits.maxBytes}`);
    }
    const shape = parseModule(bytes);
    refuseWhatIsNotAllowed(shape, limits);
    if (!WebAssembly.validate(bytes)) refuse('invalid', 'the module breaks the type rules of WebAssembly');
    const memoryMax = Math.min(shape.memory?.max ?? limits.memoryMaxPages, limits.memoryMaxPages);
    const cap = tableCap(shape, limits);
    const tableMaxima = shape.tables.map((table) => Math.min(table.limits.max ?? cap, cap));
    const layout = new Layout(shape, memoryMax, tableMaxima, limits.stackUnits);
    const module = assemble(layout, planFunctions(shape));
    if (!WebAssembly.validate(module)) refuse('too-large', 'the metered module is beyond the engine');
    return { ok: true, module };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason, detail: error.message };
    throw error;
  }
}
