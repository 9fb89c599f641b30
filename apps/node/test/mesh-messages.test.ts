import { type CanonicalValue, encodeCanonical, nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFacts, encodeFacts, type MeshFacts, signerOf } from '../src/mesh/facts.ts';
import { meshMessages } from '../src/mesh/protocol.ts';

const node = nodeIdOf(generateKey().publicKey);
const key = new Uint8Array(32);
const enrolAsk = {
  v: 1,
  invitation: 'ab'.repeat(32),
  enrolment: new Uint8Array(100),
  name: 'birch',
  vrfKey: key,
  signer: 'signer',
} as const;
const genesisAnswer = { v: 1, genesis: key, facts: key, members: 3, wanted: 4 } as const;
const hello = { v: 1, address: 'quic://[::1]:1', known: [{ node, address: 'quic://[::1]:2' }] } as const;
const facts: MeshFacts = { v: 1, root: 'SHA256:00', logKey: 'log', signers: { [node]: 'signer' } };

const decoders = {
  enrolAsk: meshMessages.enrolAsk.decode,
  chainAnswer: meshMessages.chainAnswer.decode,
  renewAsk: meshMessages.renewAsk.decode,
  genesisAnswer: meshMessages.genesisAnswer.decode,
  hello: meshMessages.hello.decode,
  logAsk: meshMessages.logAsk.decode,
  facts: decodeFacts,
};
const good: Record<keyof typeof decoders, Record<string, CanonicalValue>> = {
  enrolAsk,
  chainAnswer: { v: 1, chain: [key] },
  renewAsk: { v: 1, enrolment: key },
  genesisAnswer,
  hello,
  logAsk: { v: 1, entry: key },
  facts,
};
const names = Object.keys(decoders) as (keyof typeof decoders)[];

describe('a message of the mesh', () => {
  it('comes back as it was sent', () => {
    const { enrolAsk: ask, chainAnswer, renewAsk, genesisAnswer: answer, hello: hi, logAsk } = meshMessages;
    expect(ask.decode(ask.encode(enrolAsk))).toMatchObject({ ok: true, value: enrolAsk });
    expect(chainAnswer.decode(chainAnswer.encode([key]))).toMatchObject({
      ok: true,
      value: { chain: [key] },
    });
    expect(renewAsk.decode(renewAsk.encode(key))).toMatchObject({ ok: true, value: { enrolment: key } });
    expect(answer.decode(answer.encode(genesisAnswer))).toMatchObject({ ok: true, value: genesisAnswer });
    expect(hi.decode(hi.encode(hello))).toMatchObject({ ok: true, value: hello });
    expect(logAsk.decode(logAsk.encode(key))).toMatchObject({ ok: true, value: { entry: key } });
    expect(decodeFacts(encodeFacts(facts))).toMatchObject({ ok: true });
  });

  it.each(names)('%s is refused with the reason where it is malformed', (name) => {
    const decode = decoders[name];
    const value = good[name];
    const [first = ''] = Object.keys(value).filter((field) => field !== 'v');
    const { [first]: _, ...without } = value;
    const reasonOf = (bytes: Uint8Array) => {
      const verdict = decode(bytes);
      return verdict.ok ? 'accepted' : verdict.reason;
    };
    const whole = encodeCanonical(value);
    expect(reasonOf(whole)).toBe('accepted');
    expect(reasonOf(new Uint8Array())).toBe('truncated');
    expect(reasonOf(whole.subarray(0, -1))).toBe('truncated');
    expect(reasonOf(Buffer.concat([whole, Uint8Array.of(0)]))).toBe('trailing-bytes');
    expect(reasonOf(encodeCanonical({ ...value, v: 2 }))).toBe('wrong-literal');
    expect(reasonOf(encodeCanonical({ ...value, zz: 1 }))).toBe('unknown-key');
    expect(reasonOf(encodeCanonical(without))).toBe('missing-key');
    expect(reasonOf(encodeCanonical({ ...value, [first]: null }))).toBe('wrong-kind');
    expect(reasonOf(encodeCanonical([]))).toBe('wrong-kind');
    expect(reasonOf(Uint8Array.of(0xbf, 0xff))).toBe('indefinite-length');
    // A length of four gigabytes in five bytes.
    expect(reasonOf(Uint8Array.of(0x5a, 0xff, 0xff, 0xff, 0xff))).toBe('truncated');
    expect(reasonOf(new Uint8Array(5 * 1024 * 1024))).toBe('too-large');
  });

  it.each([
    ['enrolAsk', { ...enrolAsk, vrfKey: new Uint8Array(31) }, 'wrong-length'],
    ['enrolAsk', { ...enrolAsk, enrolment: new Uint8Array(40_961) }, 'wrong-length'],
    ['enrolAsk', { ...enrolAsk, name: 'a'.repeat(33) }, 'wrong-length'],
    ['chainAnswer', { v: 1, chain: Array.from({ length: 9 }, () => key) }, 'wrong-length'],
    ['chainAnswer', { v: 1, chain: [new Uint8Array(16_385)] }, 'wrong-length'],
    ['genesisAnswer', { ...genesisAnswer, genesis: new Uint8Array(1_048_577) }, 'wrong-length'],
    ['genesisAnswer', { ...genesisAnswer, members: 65_537 }, 'out-of-range'],
    ['hello', { ...hello, known: [{ node: 'amber', address: 'quic://[::1]:1' }] }, 'cid'],
    ['hello', { ...hello, address: 'a'.repeat(129) }, 'wrong-length'],
    [
      'hello',
      { ...hello, known: Array.from({ length: 1025 }, () => ({ node, address: 'a' })) },
      'wrong-length',
    ],
    ['logAsk', { v: 1, entry: new Uint8Array(65_536) }, 'wrong-length'],
    ['facts', { ...facts, signers: { [node]: 'a'.repeat(129) } }, 'wrong-length'],
    ['facts', { ...facts, signers: { ['a'.repeat(129)]: 'signer' } }, 'wrong-length'],
  ] as const)('%s is refused beyond its bounds (%#)', (name, value, reason) => {
    expect(decoders[name](encodeCanonical(value))).toMatchObject({ ok: false, reason });
  });

  it('never throws, whatever a peer sends', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), (name, bytes) => {
        return typeof decoders[name](bytes).ok === 'boolean';
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 1, max: 255 }), (name, at, bits) => {
        const bytes = encodeCanonical(good[name]).slice();
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ bits;
        return typeof decoders[name](bytes).ok === 'boolean';
      }),
    );
  });

  it('is not sent where it could not be read', () => {
    expect(() => meshMessages.hello.encode({ ...hello, address: 'a'.repeat(129) })).toThrow();
  });
});

describe('the facts of a mesh', () => {
  it('name the signer of a member and of nobody else, whatever it is called', () => {
    expect(signerOf(facts, node)).toBe('signer');
    for (const other of ['__proto__', 'constructor', 'toString', nodeIdOf(generateKey().publicKey)]) {
      expect(signerOf(facts, other as typeof node)).toBeUndefined();
    }
  });
});
