import {
  cidOf,
  cidOfDigest,
  encodeCanonical,
  linkOf,
  nodeIdOf,
  parseAssetId,
  parseChainId,
  parseChunkId,
  parseCid,
  parseContentRoot,
  parseNodeId,
  parseOperationId,
  recordCid,
  sha256,
  utf8,
} from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import fc from 'fast-check';
import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';
import { sha256 as multiformatsSha256 } from 'multiformats/hashes/sha2';
import { describe, expect, test } from 'vitest';

const hello = utf8('hello world');

describe('CIDs', () => {
  test('text is what multiformats makes of it', async () => {
    expect(cidOf(hello, 'raw')).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e');
    expect(cidOf(hello, 'dag-cbor')).toBe(
      CID.createV1(0x71, await multiformatsSha256.digest(hello)).toString(),
    );
  });

  test('every CID that is made here is read back', () => {
    const codec = fc.constantFrom('raw' as const, 'dag-cbor' as const);
    const hash = fc.constantFrom('sha2-256' as const, 'blake3-256' as const);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 99 }), codec, hash, (bytes, codecName, hashName) => {
        const digest = hashName === 'sha2-256' ? sha256(bytes) : blake3(bytes);
        const text = cidOf(bytes, codecName, hashName);
        expect(text).toBe(cidOfDigest(digest, codecName, hashName));
        expect(parseCid(text)).toEqual({ ok: true, codec: codecName, hash: hashName, digest });
        expect(linkOf(text).toString()).toBe(text);
      }),
    );
  });

  const valid = cidOf(hello, 'raw');
  const sha512Cid = CID.createV1(0x55, {
    code: 0x13,
    size: 64,
    digest: new Uint8Array(64),
    bytes: Uint8Array.of(0x13, 64, ...new Uint8Array(64)),
  });
  test.each([
    ['not-text', undefined],
    ['not-text', linkOf(valid)],
    ['too-long', `b${'a'.repeat(5000)}`],
    ['syntax', ''],
    ['syntax', 'b'],
    ['syntax', 'not a cid'],
    ['syntax', valid.slice(0, -2)],
    ['syntax', `${valid}a`],
    ['syntax', valid.toUpperCase()],
    ['syntax', ` ${valid}`],
    ['syntax', `${valid.slice(0, -1)}f`],
    ['version', 'QmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4'],
    ['codec', CID.createV1(0x70, linkOf(valid).multihash).toString()],
    ['hash', sha512Cid.toString()],
    ['syntax', CID.parse(valid).toString(base58btc)],
  ])('text is refused as %s: %s', (reason, text) => {
    expect(parseCid(text as string)).toEqual({ ok: false, reason });
  });

  test('no text makes the parser throw, and what it accepts has one spelling', () => {
    fc.assert(
      fc.property(fc.nat(valid.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const text = valid.slice(0, at) + character + valid.slice(at + 1);
        const parsed = parseCid(text);
        if (parsed.ok) expect(cidOfDigest(parsed.digest, parsed.codec, parsed.hash)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('a short digest and a foreign link are misuse', () => {
    expect(() => cidOfDigest(new Uint8Array(31), 'raw')).toThrow(
      expect.objectContaining({ code: 'core/wrong-length' }),
    );
    expect(() => linkOf('x')).toThrow(expect.objectContaining({ code: 'core/not-a-cid' }));
  });

  test('the CID of a record is that of its canonical bytes', () => {
    const { bytes, cid } = recordCid({ b: 1, a: 2 });
    expect(bytes).toEqual(encodeCanonical({ a: 2, b: 1 }));
    expect(cid).toBe(cidOf(bytes, 'dag-cbor', 'sha2-256'));
  });
});

describe('ids', () => {
  test('a node id is the CID of its identity record', () => {
    const ed25519 = new Uint8Array(32).fill(7);
    expect(nodeIdOf(ed25519)).toBe(recordCid({ v: 1, ed25519 }).cid);
    expect(parseNodeId(nodeIdOf(ed25519))).toEqual({ ok: true, id: nodeIdOf(ed25519) });
    expect(() => nodeIdOf(new Uint8Array(33))).toThrow(
      expect.objectContaining({ code: 'core/wrong-length' }),
    );
  });

  test('each kind of id accepts its own codec and hash alone', () => {
    const kinds = {
      record: cidOf(hello, 'dag-cbor', 'sha2-256'),
      root: cidOf(hello, 'dag-cbor', 'blake3-256'),
      chunk: cidOf(hello, 'raw', 'blake3-256'),
    };
    const accepted = Object.entries({
      node: [parseNodeId, kinds.record],
      asset: [parseAssetId, kinds.record],
      operation: [parseOperationId, kinds.record],
      root: [parseContentRoot, kinds.root],
      chunk: [parseChunkId, kinds.chunk],
    } as const);
    for (const [name, [parse, own]] of accepted) {
      for (const text of Object.values(kinds)) expect(parse(text).ok, name).toBe(text === own);
    }
    expect(parseChunkId(kinds.root)).toEqual({ ok: false, reason: 'codec' });
    expect(parseContentRoot(kinds.record)).toEqual({ ok: false, reason: 'hash' });
    expect(parseNodeId('x')).toEqual({ ok: false, reason: 'syntax' });
  });

  test('a chain id is 64 lower-case hex digits', () => {
    expect(parseChainId('0a'.repeat(32))).toEqual({ ok: true, id: '0a'.repeat(32) });
    expect(parseChainId('0A'.repeat(32))).toEqual({ ok: false, reason: 'syntax' });
    expect(parseChainId('0a'.repeat(31))).toEqual({ ok: false, reason: 'digest-length' });
    expect(parseChainId('zz'.repeat(32))).toEqual({ ok: false, reason: 'syntax' });
    expect(parseChainId(undefined as unknown as string)).toEqual({ ok: false, reason: 'not-text' });
  });
});
