import type { CanonicalValue, OperationId } from '@hypermesh/core';
import type { Operation } from '../operation.ts';
import type { Profile } from '../profiles.ts';
import type { StateView } from './state.ts';

/** Where and what an operation is when its rule runs. */
export interface RuleContext {
  readonly operation: Operation;
  readonly id: OperationId;
  readonly height: number;
  /** Time of the block, Unix milliseconds. */
  readonly timeMs: number;
  /** Height of the block that the operation's proof is anchored at: it was begun later. */
  readonly anchorHeight: number;
  readonly profile: Profile;
}

/**
 * What operations of one kind do: changes `view` and answers `ok`, or answers why not, upon which all its changes are
 * dropped. Deterministic, without clock or I/O; must not throw for any body. The same on all validators.
 */
export type OperationRule = (view: StateView, context: RuleContext) => string;

/** A body that asks for an entry: its key (1 to 200 printable ASCII characters without space) and any value. */
export interface EntryBody {
  readonly key: string;
  readonly value: CanonicalValue;
  readonly export?: string;
}

const KEY = /^[\x21-\x7e]{1,200}$/;

/** Reads a body of exactly the keys `key`, `value` and those in `further`, which hold keys too. */
export function entryBodyOf(operation: Operation, further: readonly 'export'[] = []): EntryBody | undefined {
  const { body } = operation;
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof Uint8Array)
    return undefined;
  const fields = body as Readonly<Record<string, CanonicalValue>>;
  const names = ['key', 'value', ...further];
  const isComplete = names.every((name) => Object.hasOwn(fields, name));
  if (!isComplete || Object.keys(fields).length !== names.length) return undefined;
  const areKeys = ['key', ...further].every((name) => {
    const text = fields[name];
    return typeof text === 'string' && KEY.test(text);
  });
  return areKeys ? (fields as unknown as EntryBody) : undefined;
}
