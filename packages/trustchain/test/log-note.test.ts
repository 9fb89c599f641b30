import { createSigner } from '@hypermesh/core/ed25519';
import { emptyRoot } from '@hypermesh/core/merkle';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatVerifierKey,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  signCheckpoint,
  signNote,
  type VerifierKey,
} from '../src/log/index.ts';

const signer = createSigner(new Uint8Array(32).fill(1));
const origin = 'example.org/log';
const verifierKey = formatVerifierKey(origin, signer.publicKey);

function keyOf(text: string): VerifierKey {
  const parsed = parseVerifierKey(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.key;
}

test('a note signed by a foreign implementation opens, and not when a letter changes', () => {
  const key = keyOf('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const signature =
    'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
  const note = `${text}\n\u2014 PeterNeumann ${signature}\n`;
  expect(openNote(note, key)).toEqual({ ok: true, text });
  expect(openNote(new TextEncoder().encode(note), key)).toEqual({ ok: true, text });
  expect(openNote(note.replace('answer', 'Answer'), key)).toEqual({ ok: false, reason: 'bad-signature' });
});

test('a verifier key in use by a public log is read', () => {
  const text = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  const key = keyOf(text);
  expect(formatVerifierKey(key.name, key.publicKey)).toBe(text);
});

test('malformed verifier keys are refused', () => {
  for (const text of [
    '',
    'a',
    verifierKey.replace('+', ' '),
    verifierKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'),
    `${verifierKey}A`,
    verifierKey.slice(0, -4),
    `x${verifierKey}`,
  ]) {
    expect(parseVerifierKey(text)).toEqual({ ok: false, reason: 'malformed' });
  }
  expect(() => formatVerifierKey('two words', signer.publicKey)).toThrowError(
    expect.objectContaining({ code: 'trustchain/bad-argument' }),
  );
});

test('a checkpoint comes back as it was signed', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
      const note = signCheckpoint({ origin, size, root }, signer);
      expect(openCheckpoint(note, verifierKey)).toEqual({ ok: true, checkpoint: { origin, size, root } });
    }),
  );
});

test('signatures of other keys beside ours are passed over, a false one of ours is not', () => {
  const note = signCheckpoint({ origin, size: 0, root: emptyRoot() }, signer);
  const other = signNote(
    note.slice(0, note.indexOf('\n\n') + 1),
    'witness',
    createSigner(new Uint8Array(32).fill(2)),
  );
  const line = (text: string) => `${text.split('\n\n')[1]}`;
  expect(openCheckpoint(note + line(other), verifierKey)).toMatchObject({ ok: true });
  const fake = line(note).replace(/.{6}\n$/, 'AAAA==\n');
  expect(openCheckpoint(note + fake, verifierKey).ok).toBe(false);
  expect(openCheckpoint(other, verifierKey)).toEqual({ ok: false, reason: 'not-signed-by-key' });
});

const root = Buffer.from(emptyRoot()).toString('base64');
const signed = (text: string, name = origin) => signNote(text, name, signer);
test.each<[string, unknown, string]>([
  ['nothing', '', 'malformed'],
  ['no text', undefined, 'malformed'],
  ['a number', 7, 'malformed'],
  ['no signature', `${origin}\n0\n${root}\n`, 'malformed'],
  ['an empty signature block', `${origin}\n0\n${root}\n\n`, 'malformed'],
  ['a carriage return', signed(`${origin}\n0\n${root}\n`).replace('0\n', '0\r\n'), 'malformed'],
  ['bytes that are not UTF-8', new Uint8Array([0xff, 10, 10, 10]), 'malformed'],
  ['a lone surrogate', `\ud800\n\n\u2014 ${origin} AAAA\n`, 'malformed'],
  ['a note beyond the limit', 'a'.repeat(20_000), 'too-large'],
  [
    'a hundred and one signatures',
    `${origin}\n0\n${root}\n\n${`\u2014 x AAAAAAAA\n`.repeat(101)}`,
    'malformed',
  ],
  ['a signature that is not base64', `${origin}\n0\n${root}\n\n\u2014 ${origin} !!!!\n`, 'malformed'],
  ['a size with a leading zero', signed(`${origin}\n00\n${root}\n`), 'malformed'],
  ['a negative size', signed(`${origin}\n-1\n${root}\n`), 'malformed'],
  ['a size beyond 2^53', signed(`${origin}\n9999999999999999\n${root}\n`), 'malformed'],
  ['a short root', signed(`${origin}\n0\nAAAA\n`), 'malformed'],
  ['a root in another spelling', signed(`${origin}\n0\n${root.replace('=', '')}\n`), 'malformed'],
  ['no root', signed(`${origin}\n0\n`), 'malformed'],
  ['an empty extension line', signed(`${origin}\n0\n${root}\n\nmore\n`), 'malformed'],
  ['another origin under the same key name', signed(`other\n0\n${root}\n`), 'wrong-origin'],
  ['another key name', signed(`${origin}\n0\n${root}\n`, 'other'), 'not-signed-by-key'],
])('a checkpoint with %s is refused', (_, note, reason) => {
  expect(openCheckpoint(note as string, verifierKey)).toEqual({ ok: false, reason });
});

test('an extension line is allowed', () => {
  expect(openCheckpoint(signed(`${origin}\n0\n${root}\nmore\n`), verifierKey)).toMatchObject({ ok: true });
  expect(openCheckpoint(signed(`${origin}\n0\n${root}\n`), 'no key')).toEqual({
    ok: false,
    reason: 'bad-verifier-key',
  });
});
