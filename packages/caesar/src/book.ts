import type { CanonicalValue } from '@hypermesh/core';
import { CaesarError } from './errors.ts';
import {
  type Balance,
  bodyHash,
  chainHash,
  type Entry,
  type EntryBody,
  type Head,
  type Hold,
  readBalance,
  readEntry,
  readHead,
  readHold,
} from './records.ts';
import type { ValueState } from './state.ts';

/** Names of the records below a prefix. */
export function keysOf(prefix: string) {
  return {
    head: `${prefix}head`,
    account: (id: string) => `${prefix}account/${id}`,
    accountAt: (index: number) => `${prefix}account-at/${index}`,
    hold: (id: string) => `${prefix}hold/${id}`,
    holdAt: (index: number) => `${prefix}hold-at/${index}`,
    entry: (index: number) => `${prefix}entry/${index}`,
    id: (id: string) => `${prefix}id/${id}`,
    lease: (id: string) => `${prefix}lease/${id}`,
    settlement: (lease: string) => `${prefix}settlement/${lease}`,
  };
}

/** Reads of the books. */
export interface BookReader {
  head(): Head;
  balance(account: string): Balance;
  hold(id: string): Hold | undefined;
  entry(index: number): Entry | undefined;
  entryOf(id: string): Entry | undefined;
  accountAt(index: number): string;
  holdAt(index: number): string;
}

/** Reads the books below `prefix`. */
export function createReader(state: Pick<ValueState, 'get'>, prefix: string): BookReader {
  const keys = keysOf(prefix);
  const textAt = (key: string): string => {
    const value = state.get(key);
    if (typeof value !== 'string')
      throw new CaesarError({ code: 'caesar/damaged-state', key }, `${key} is damaged`);
    return value;
  };
  const entry = (index: number): Entry | undefined => {
    const value = state.get(keys.entry(index));
    return value === undefined ? undefined : readEntry(value);
  };
  return {
    head: () => readHead(state.get(keys.head)),
    balance: (account) => readBalance(state.get(keys.account(account))),
    hold(id) {
      const value = state.get(keys.hold(id));
      return value === undefined ? undefined : readHold(value);
    },
    entry,
    entryOf(id) {
      const index = state.get(keys.id(id));
      return index === undefined ? undefined : entry(Number(index));
    },
    accountAt: (index) => textAt(keys.accountAt(index)),
    holdAt: (index) => textAt(keys.holdAt(index)),
  };
}

/** The writes of one request, kept together until all of it is decided. */
export class Draft {
  readonly #state: ValueState;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #reader: BookReader;
  readonly #writes = new Map<string, CanonicalValue>();
  #head: Head;

  constructor(state: ValueState, prefix: string) {
    this.#state = state;
    this.#keys = keysOf(prefix);
    this.#reader = createReader({ get: (key) => this.#writes.get(key) ?? state.get(key) }, prefix);
    this.#head = this.#reader.head();
  }

  get reader(): BookReader {
    return this.#reader;
  }

  set(key: string, value: object | string | number): void {
    this.#writes.set(key, value as CanonicalValue);
  }

  /** Changes what an account has; it is listed when it first has something. */
  change(account: string, { available = 0n, held = 0n }: Partial<Balance>): void {
    const key = this.#keys.account(account);
    const isNew = this.#writes.get(key) === undefined && this.#state.get(key) === undefined;
    const before = this.#reader.balance(account);
    this.set(key, { available: before.available + available, held: before.held + held });
    if (!isNew) return;
    this.set(this.#keys.accountAt(this.#head.accounts), account);
    this.#head = { ...this.#head, accounts: this.#head.accounts + 1 };
  }

  issue(amount: bigint): void {
    this.#head = { ...this.#head, issued: this.#head.issued + amount };
  }

  putHold(hold: Hold): void {
    const key = this.#keys.hold(hold.id);
    if (this.#reader.hold(hold.id) === undefined) {
      this.set(this.#keys.holdAt(this.#head.holds), hold.id);
      this.#head = { ...this.#head, holds: this.#head.holds + 1 };
    }
    this.set(key, hold);
  }

  /** Appends the entry and writes everything. */
  commit(body: EntryBody, atMs: number): Entry {
    const index = this.#head.length;
    const entry: Entry = {
      index,
      id: body.id,
      atMs: Math.max(atMs, this.#head.atMs),
      hash: bodyHash(body),
      body,
    };
    const hash = chainHash(this.#head.hash, entry);
    this.set(this.#keys.entry(index), entry);
    this.set(this.#keys.id(body.id), index);
    this.set(this.#keys.head, { ...this.#head, length: index + 1, hash, atMs: entry.atMs });
    if (this.#state.apply === undefined) for (const [key, value] of this.#writes) this.#state.set(key, value);
    else this.#state.apply(this.#writes);
    return entry;
  }
}
