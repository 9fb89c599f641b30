import { Key } from 'interface-datastore';
import { describe, expect, it } from 'vitest';
import { BoundedDatastore } from '../src/discovery/bounded-datastore.ts';

const key = (text: string) => new Key(text);
const keysOf = (store: BoundedDatastore, prefix = '/') =>
  [...store._allKeys({ prefix })].map((each) => each.toString());

describe('what a discovery host notes of others', () => {
  it('stays within its entries, the oldest going first, a renewed one being young again', () => {
    const store = new BoundedDatastore(() => false, { entries: 3 });
    for (const name of ['/a', '/b', '/c', '/a', '/d']) store.put(key(name), Buffer.from(name));
    expect(keysOf(store)).toEqual(['/c', '/a', '/d']);
    expect(store.has(key('/b'))).toBe(false);
    expect(() => store.get(key('/b'))).toThrow('Not Found');
    expect(store.get(key('/d'))).toEqual(Uint8Array.from(Buffer.from('/d')));
  });

  it('stays within its bytes, and keeps the newest even where it alone is more', () => {
    const store = new BoundedDatastore(() => false, { bytes: 100 });
    for (const name of ['/a', '/b', '/c']) store.put(key(name), new Uint8Array(40));
    expect(keysOf(store)).toEqual(['/b', '/c']);
    store.delete(key('/b'));
    store.put(key('/d'), new Uint8Array(60));
    expect(keysOf(store)).toEqual(['/c', '/d']);
    store.put(key('/e'), new Uint8Array(101));
    expect(keysOf(store)).toEqual(['/e']);
  });

  it('never gives up what is the host’s own, whatever others make it note', () => {
    const store = new BoundedDatastore((name) => name.endsWith('/me'), { entries: 10 });
    store.put(key('/dht/provider/root/me'), new Uint8Array(8));
    for (let other = 0; other < 1_000; other++)
      store.put(key(`/dht/provider/root/${other}`), new Uint8Array(8));
    expect(keysOf(store)).toHaveLength(10);
    expect(keysOf(store)[0]).toBe('/dht/provider/root/me');
  });

  it('holds a value on memory of its own, not the pool that it came from', () => {
    const store = new BoundedDatastore(() => false);
    const pool = Buffer.alloc(64 * 1024, 7);
    store.put(key('/a'), pool.subarray(100, 108));
    pool.fill(0);
    expect(store.get(key('/a'))).toEqual(new Uint8Array(8).fill(7));
    expect(store.get(key('/a')).buffer.byteLength).toBe(8);
  });

  it('answers a query by prefix, also while it is written to', async () => {
    const store = new BoundedDatastore(() => false);
    for (const name of ['/peers/a', '/dht/a', '/dht/b']) store.put(key(name), Buffer.from(name));
    const found: string[] = [];
    for await (const { key: name, value } of store.query({ prefix: '/dht' })) {
      found.push(name.toString());
      store.put(name, value);
    }
    expect(found).toEqual(['/dht/a', '/dht/b']);
  });
});
