import { BaseDatastore } from 'datastore-core';
import { type Datastore, Key, type KeyQuery, type Pair, type Query } from 'interface-datastore';
import { NotFoundError } from 'interface-store';

/** What a datastore may hold. */
export interface DatastoreBounds {
  readonly entries: number;
  /** Of all values together. */
  readonly bytes: number;
}

/** Room for some thousand roots of some hundred hosts. */
const defaultBounds: DatastoreBounds = { entries: 32_768, bytes: 8 * 2 ** 20 };

/**
 * What a discovery host knows of others, in memory, bounded, for anybody who reaches the host may have it note something.
 * The oldest goes first; never what is the host's `own`, since it announces from these notes again. Values are copied: they
 * come as a few bytes of a pool that would live as long as they do.
 */
export class BoundedDatastore extends BaseDatastore implements Datastore {
  readonly #entries = new Map<string, Uint8Array>();
  readonly #isOwn: (key: string) => boolean;
  readonly #bounds: DatastoreBounds;
  #bytes = 0;

  constructor(isOwn: (key: string) => boolean, bounds: Partial<DatastoreBounds> = {}) {
    super();
    this.#isOwn = isOwn;
    this.#bounds = { ...defaultBounds, ...bounds };
  }

  override put(key: Key, value: Uint8Array): Key {
    const name = key.toString();
    this.#remove(name);
    this.#entries.set(name, Uint8Array.from(value));
    this.#bytes += value.length;
    this.#makeRoom(name);
    return key;
  }

  override get(key: Key): Uint8Array {
    const value = this.#entries.get(key.toString());
    if (value === undefined) throw new NotFoundError();
    return value;
  }

  override has(key: Key): boolean {
    return this.#entries.has(key.toString());
  }

  override delete(key: Key): void {
    this.#remove(key.toString());
  }

  override *_all({ prefix = '' }: Query): Generator<Pair> {
    for (const [name, value] of this.#startingWith(prefix)) yield { key: new Key(name), value };
  }

  override *_allKeys({ prefix = '' }: KeyQuery): Generator<Key> {
    for (const [name] of this.#startingWith(prefix)) yield new Key(name);
  }

  /** As they are now: whoever goes through them may write meanwhile. */
  #startingWith(prefix: string): (readonly [string, Uint8Array])[] {
    const found: (readonly [string, Uint8Array])[] = [];
    for (const entry of this.#entries) if (entry[0].startsWith(prefix)) found.push(entry);
    return found;
  }

  #remove(name: string): void {
    const before = this.#entries.get(name);
    if (before === undefined) return;
    this.#entries.delete(name);
    this.#bytes -= before.length;
  }

  #makeRoom(newest: string): void {
    const { entries, bytes } = this.#bounds;
    if (this.#entries.size <= entries && this.#bytes <= bytes) return;
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= entries && this.#bytes <= bytes) return;
      if (name !== newest && !this.#isOwn(name)) this.#remove(name);
    }
  }
}
