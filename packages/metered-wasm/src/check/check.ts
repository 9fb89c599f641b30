import { toHex } from '@hypermesh/core';
import { type Limits, type MeterOptions, resolveLimits } from '../options.ts';
import { FLOW_WEIGHT, PROFILE, TABLE_ELEMENTS } from '../profile.ts';
import type { CheckReason } from '../reasons.ts';
import { Objection, object } from './cursor.ts';
import { FunctionCheck, type FunctionFacts } from './function.ts';
import { type Outline, outlineOf, type Signature } from './outline.ts';
import type { Counters } from './patterns.ts';
import { routineBytes } from './routines.ts';
import { checkStack } from './stack.ts';

/** What a host may rely on of a module that passed. */
export interface CheckedModule {
  readonly ok: true;
  /** Maximum of the memory in pages, 0 where the module has none. */
  readonly memoryMaxPages: number;
  readonly imports: readonly string[];
  /** Signatures of the exported functions; value types as bytes of the binary format. */
  readonly functions: ReadonlyMap<string, Signature>;
  readonly hasMemory: boolean;
}

/** The answer of the check; `detail` names the place. */
export type CheckVerdict =
  | CheckedModule
  | { readonly ok: false; readonly reason: CheckReason; readonly detail: string };

function signed(value: number): string {
  const low = (value & 0x7f).toString(16).padStart(2, '0');
  const rest = value >> 7;
  if (rest === 0 && (value & 0x40) === 0) return low;
  return ((value & 0x7f) | 0x80).toString(16).padStart(2, '0') + signed(rest);
}

function countersOf(outline: Outline, stackUnits: number): Counters {
  const indexOf = (name: string) =>
    outline.exports.find((each) => each.name === name && each.kind === 3)?.index ?? -1;
  const fuel = indexOf('hm:fuel');
  const counters = { fuel, state: fuel + 1, stack: fuel + 2 };
  if (fuel < 0 || indexOf('hm:state') !== counters.state || outline.profile !== PROFILE) {
    object('not-metered', `no counters of profile ${PROFILE}`);
  }
  const wanted = ['7e0142000b', '7f0141000b', `7f0141${signed(stackUnits)}0b`];
  const present = outline.globals.slice(fuel);
  if (present.length !== 3 || wanted.some((each, at) => each !== present[at])) {
    object('counter-altered', 'the counters are not the last three globals');
  }
  const ours = new Set(['hm:fuel', 'hm:state']);
  for (const each of outline.exports) {
    if (each.kind === 3 && each.index >= fuel && !ours.has(each.name)) {
      object('counter-exposed', `export ${JSON.stringify(each.name)}`);
    }
  }
  return counters;
}

/** Finds the routines at the end of the functions by their bytes. */
function routinesOf(outline: Outline, counters: Counters): Map<number, string> {
  const routines = new Map<number, string>();
  const exported = new Set(outline.exports.filter(({ kind }) => kind === 0).map(({ index }) => index));
  const candidates = new Map<string, string>();
  const offer = (name: string, maximum: number) =>
    candidates.set(routineBytes(name, counters, maximum), name);
  offer('bytes', 0);
  offer('elements', 0);
  if (outline.memoryMaximum !== undefined) offer('memory.grow', outline.memoryMaximum);
  for (const [table, maximum] of outline.tableMaxima.entries()) offer(`table.grow ${table}`, maximum);
  for (let own = outline.bodies.length - 1; own >= 0; own--) {
    const { from, to } = outline.bodies[own] as { from: number; to: number };
    if (to - from > 200) break;
    const text = toHex(outline.bytes.subarray(from, to));
    const name = candidates.get(text);
    const type = outline.types[outline.functions[own] as number];
    if (name === undefined) break;
    candidates.delete(text);
    if (type?.params.join() !== '127' || type.results.join() !== '127') break;
    const index = outline.imports.length + own;
    if (outline.named.has(index) || exported.has(index)) break;
    routines.set(index, name);
  }
  return routines;
}

function checkDeclarations(outline: Outline, limits: Limits): void {
  for (const { label } of outline.imports) {
    if (!limits.allowImports.includes(label)) object('import-not-allowed', JSON.stringify(label));
  }
  if ((outline.memoryMaximum ?? 0) > limits.memoryMaxPages) {
    object('maximum-missing', `memory may grow to ${outline.memoryMaximum} pages`);
  }
  for (const maximum of outline.tableMaxima) {
    if (maximum > limits.tableMax) object('maximum-missing', `a table may grow to ${maximum} elements`);
  }
  const elements = outline.tableMaxima.reduce((sum, each) => sum + each, 0);
  if (elements > TABLE_ELEMENTS) object('maximum-missing', `tables may grow to ${elements} elements`);
}

/**
 * Proves of a module that it is metered: every function entry and loop header is charged, every run of instructions
 * exactly, every bulk operation by its length; the counters are touched by nothing else; memory and tables have
 * maxima within the bounds; every cycle of calls counts the stack that it takes; imports are in the list. Reads the
 * bytes anew and shares nothing with the rewriter but the numbers of the profile. Never throws for any bytes.
 */
export function checkMetered(bytes: Uint8Array, options: MeterOptions = {}): CheckVerdict {
  const limits = resolveLimits(options);
  try {
    if (!(bytes instanceof Uint8Array)) object('malformed', 'not a Uint8Array');
    if (bytes.length > 4 * limits.maxBytes) object('malformed', `module of ${bytes.length} bytes`);
    const outline = outlineOf(bytes);
    const counters = countersOf(outline, limits.stackUnits);
    checkDeclarations(outline, limits);
    if (outline.startFunction !== undefined) {
      object('uncharged-entry', 'a start function runs before fuel is set');
    }
    const routines = routinesOf(outline, counters);
    const importCount = outline.imports.length;
    const guestCount = outline.bodies.length - routines.size;
    const passesVectors = outline.types.some(({ params, results }) => [...params, ...results].includes(0x7b));
    const facts: FunctionFacts[] = [];
    let weight = 0;
    for (let own = 0; own < guestCount; own++) {
      const { from, to } = outline.bodies[own] as { from: number; to: number };
      const type = outline.types[outline.functions[own] as number];
      if (type === undefined) object('malformed', `type of function ${own + importCount}`);
      const around = { outline, counters, importCount, type: type as Signature, routines, passesVectors };
      const found = new FunctionCheck(bytes, from, to, own + importCount, around).run();
      facts.push(found);
      for (const index of found.named) outline.named.add(index);
      weight += found.weight;
      if (weight > FLOW_WEIGHT.inModule) object('too-large', `control flow that weighs ${weight}`);
    }
    checkStack(outline, facts);
    if (!WebAssembly.validate(bytes)) object('invalid', 'the module breaks the type rules of WebAssembly');
    return {
      ok: true,
      memoryMaxPages: outline.memoryMaximum ?? 0,
      imports: outline.imports.map(({ label }) => label),
      functions: signaturesOf(outline),
      hasMemory: outline.exports.some((each) => each.name === 'memory' && each.kind === 2),
    };
  } catch (error) {
    if (error instanceof Objection) return { ok: false, reason: error.reason, detail: error.message };
    throw error;
  }
}

function signaturesOf(outline: Outline): Map<string, Signature> {
  const importCount = outline.imports.length;
  const functions = new Map<string, Signature>();
  for (const { name, kind, index } of outline.exports) {
    if (kind !== 0) continue;
    const own = index - importCount;
    const type = own < 0 ? outline.imports[index]?.type : outline.functions[own];
    const signature = type === undefined ? undefined : outline.types[type];
    if (signature !== undefined) functions.set(name, signature);
  }
  return functions;
}
