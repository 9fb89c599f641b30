import type { Clock } from '@hypermesh/core';
import type { JsonObject, JsonValue } from '../json.ts';
import { type AuditRecord, chainHash, firstHash, formatLine, recordBody } from './chain.ts';
import type { AuditEntry, AuditLog } from './entry.ts';

const MAX_TEXT = 256;
const MAX_DETAIL_BYTES = 2_048;
/** Records of one extension that are kept at once, and how many more a second; the rest is counted. */
const flood = { burst: 512, perSecond: 4 };

/** Where the lines of a chain go. `write` takes one line without its end; it may throw, and then is not asked again. */
export interface AuditSink {
  write(line: string, record: AuditRecord): void;
}

/**
 * Chains entries into records. An extension that floods has its records beyond the burst counted, and the count
 * written with its next record as `suppressed`: the log cannot be used to fill a disk.
 */
export class ChainedAudit implements AuditLog {
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #sink: AuditSink;
  readonly #allowances = new Map<string, { tokens: number; atMs: number; suppressed: number }>();
  #seq: number;
  #hash: string;

  constructor(
    clock: Pick<Clock, 'nowMs' | 'monotonicMs'>,
    sink: AuditSink,
    last: { readonly seq: number; readonly hash: string } = { seq: 0, hash: firstHash },
  ) {
    this.#clock = clock;
    this.#sink = sink;
    this.#seq = last.seq;
    this.#hash = last.hash;
  }

  get last(): { readonly seq: number; readonly hash: string } {
    return { seq: this.#seq, hash: this.#hash };
  }

  append({ event, extension, detail = {} }: AuditEntry): void {
    const suppressed = this.#suppressed(extension);
    if (suppressed === undefined) return;
    const small = bounded(detail);
    const full = suppressed === 0 ? small : { ...small, suppressed };
    const record = { seq: this.#seq + 1, atMs: this.#clock.nowMs(), event, extension, detail: full };
    const body = recordBody(record);
    const hash = chainHash(this.#hash, body);
    this.#sink.write(formatLine(body, hash), { ...record, hash });
    this.#seq = record.seq;
    this.#hash = hash;
  }

  /** How many records of the extension were left out before this one; undefined where this one is left out too. */
  #suppressed(extension: string): number | undefined {
    const nowMs = this.#clock.monotonicMs();
    const found = this.#allowances.get(extension) ?? { tokens: flood.burst, atMs: nowMs, suppressed: 0 };
    this.#allowances.set(extension, found);
    found.tokens = Math.min(flood.burst, found.tokens + ((nowMs - found.atMs) / 1000) * flood.perSecond);
    found.atMs = nowMs;
    if (found.tokens < 1) {
      found.suppressed++;
      return undefined;
    }
    found.tokens--;
    const { suppressed } = found;
    found.suppressed = 0;
    return suppressed;
  }
}

/** Detail as it is written: texts cut, bytes by their length, and nothing where it would be long all the same. */
function bounded(detail: JsonObject): JsonObject {
  const cut = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
    if (value instanceof Uint8Array) return `${value.length} bytes`;
    return value;
  };
  const small = Object.fromEntries(Object.entries(detail).map(([key, value]) => [key, cut(value)]));
  return JSON.stringify(small).length > MAX_DETAIL_BYTES ? { cut: true } : small;
}

/** A log in memory, for tests and hosts that keep their own. */
export interface MemoryAudit extends AuditLog {
  readonly records: readonly AuditRecord[];
}

/** Opens a log in memory; the newest 10,000 records are kept. */
export function memoryAudit(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): MemoryAudit {
  const records: AuditRecord[] = [];
  const audit = new ChainedAudit(clock, {
    write(_, record) {
      records.push(record);
      if (records.length > 10_000) records.shift();
    },
  });
  return { records, append: (entry) => audit.append(entry) };
}
