import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeContentFrame, encodeRanges } from '../src/content/frames.ts';
import { encodeGoodbye } from '../src/session/control.ts';
import { encodeAccept, encodeChain, encodeHello, encodeProof } from '../src/session/messages.ts';
import { RecordOpener, RecordSealer } from '../src/session/record.ts';
import {
  expand,
  extract,
  hmac,
  openingHash,
  signedTranscript,
  streamKey,
  transcriptHash,
} from '../src/session/schedule.ts';
import { numberPrefix } from './raw.ts';

/** The values of docs/stoq-1.md, made from fixed inputs: what another implementation compares with. */
const specification = readFileSync(new URL('../../../docs/stoq-1.md', import.meta.url), 'utf8');
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fill = (length: number, value: number): Uint8Array => Buffer.alloc(length, value);

const binding = Buffer.from('quic\0dialer\0listener');
const hello = encodeHello(fill(32, 1), [{ suite: 1, share: fill(1216, 2) }]);
const accept = encodeAccept(fill(32, 3), 1, fill(1120, 4));
const opening = openingHash(binding, hello, accept);
const root = extract(opening, fill(64, 5));
const chain = encodeChain([fill(10, 6)]);
const proof = encodeProof({
  chain: [fill(10, 6)],
  signature: fill(20, 7),
  mac: hmac(expand(root, 'listenerMac'), transcriptHash(opening, chain, fill(20, 7))),
});
const seen = transcriptHash(opening, proof);
const whole = transcriptHash(seen, fill(40, 8));
const traffic = expand(root, 'dialerTraffic', whole);
const key = streamKey(traffic, 'dialer', 1n);
const unbounded = { spend: () => {} };
const record = new RecordSealer(key, unbounded).seal(Buffer.from('hello'), true, numberPrefix(1n));

const VECTORS: Readonly<Record<string, Uint8Array>> = {
  opening,
  root,
  'listener handshake key': expand(root, 'listenerKey'),
  'dialer handshake key': expand(root, 'dialerKey'),
  'signed by the listener': signedTranscript('listener', opening, chain),
  'proof of the listener': proof,
  'seen by the dialer': seen,
  'whole transcript': whole,
  'dialer traffic secret': traffic,
  'listener traffic secret': expand(root, 'listenerTraffic', whole),
  'session id': expand(root, 'sessionId', whole),
  'key of stream 1, dialer to listener': key,
  'stream 1: number and last record "hello"': record,
  'goodbye, idle': encodeGoodbye('idle'),
  'content get': Buffer.concat(encodeContentFrame('get', fill(32, 9))),
  'content want 3..7': Buffer.concat(encodeContentFrame('want', encodeRanges([{ from: 3, count: 5 }]))),
};

describe('the specification of STOQ/1', () => {
  it.each(Object.entries(VECTORS))('gives the value of %s as it is computed', (name, value) => {
    expect(specification).toContain(`| ${name} | \`${hex(value)}\` |`);
  });

  it('gives a record that opens', () => {
    const opener = new RecordOpener(key, unbounded);
    opener.push(record.subarray(8));
    expect(opener.next()).toMatchObject({ isLast: true, plain: Buffer.from('hello') });
  });
});
