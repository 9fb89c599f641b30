import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import {
  type CanonicalValue,
  type ContentRoot,
  cidOf,
  encodeCanonical,
  nodeIdOf,
  sha256,
  utf8,
} from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { type RunStatement, signStatement } from '@hypermesh/executors';
import { type ExecutionReceipt, encodeReceipt } from '@hypermesh/metered-wasm';
import { encodeScriptReceipt, type ScriptReceipt } from '@hypermesh/metered-wasm/quickjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultConfig } from '../src/config.ts';
import { makeFolder } from '../src/data-directory.ts';
import { excessOf, isPaidFor } from '../src/run/admission.ts';
import { answerFault } from '../src/run/answer-check.ts';
import { decodeLeaseTerms, defaultTerms, encodeLeaseTerms, type LeaseTerms } from '../src/run/lease.ts';
import {
  decodeExecuteAsk,
  decodeReexecuteAsk,
  type ExecuteAnswer,
  encodeExecuteAsk,
  encodeReexecuteAsk,
  openExecuteAnswer,
  openReexecuteAnswer,
  signExecuteAnswer,
  signReexecuteAnswer,
} from '../src/run/protocol.ts';
import { createSlots } from '../src/run/slots.ts';
import { openUsedLeases } from '../src/run/used-leases.ts';
import { priceOf } from '../src/wallet/price.ts';
import { temporaryDirectory } from './support.ts';

const document = cidOf(Uint8Array.of(1), 'dag-cbor', 'blake3-256') as ContentRoot;
const executor = generateKey();
const terms: LeaseTerms = {
  ...defaultTerms,
  executor: nodeIdOf(executor.publicKey),
  package: 'anagrams@1.0.0',
  document,
  fuel: 2n ** 64n - 1n,
  memoryPages: 16,
  deadlineMs: 1000,
};
const output = utf8('42');
const receipt: ExecutionReceipt = {
  v: 1,
  module: cidOf(Uint8Array.of(1), 'raw'),
  op: 'run',
  input: cidOf(Uint8Array.of(2), 'raw'),
  output: cidOf(output, 'raw'),
  fuel: 100n,
  memoryPages: 3,
  profile: 'hm-det-1',
};
const answer: ExecuteAnswer = {
  v: 1,
  exit: 'ok',
  detail: '',
  fuel: 100n,
  memoryPages: 3,
  wallMs: 5,
  output,
  outputSize: output.length,
  statement: utf8('statement'),
  usage: new Uint8Array(),
  limits: [],
  log: [],
  receipt: encodeReceipt(receipt),
  legs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
};
const stated = (change: Partial<RunStatement> = {}, key = executor): Uint8Array =>
  signStatement(
    {
      ...{ v: 1, context: 'lease-1', type: 'vm.wasm', exit: 'ok', fuel: 100n, isFuelExact: true },
      ...{ memoryPages: 3, wallMs: 5, output: sha256(output), receipt: encodeReceipt(receipt) },
      ...change,
    },
    createSigner(key.secretKey),
  );
const ask = encodeExecuteAsk({ v: 1, transaction: Uint8Array.of(1), proof: Uint8Array.of(2) });

describe('the terms of a lease', () => {
  it('come back as they were leased', () => {
    expect(decodeLeaseTerms(encodeLeaseTerms(terms))).toEqual({ ok: true, terms });
  });

  it.each([
    ['no record', 1, 'wrong-kind'],
    ['another version', { ...terms, v: 2 }, 'wrong-literal'],
    ['an executor that is no node', { ...terms, executor: 'cedar' }, 'cid'],
    ['a document of another hash', { ...terms, document: cidOf(Uint8Array.of(1), 'raw') }, 'cid'],
    ['fuel below 0', { ...terms, fuel: -1 }, 'out-of-range'],
    ['pages beyond all memory', { ...terms, memoryPages: 65_537 }, 'out-of-range'],
    ['a deadline beyond a day', { ...terms, deadlineMs: 86_400_001 }, 'out-of-range'],
    ['a long name', { ...terms, package: 'a'.repeat(161) }, 'wrong-length'],
    ['a field too many', { ...terms, prize: 1 }, 'unknown-key'],
  ])('that hold %s are refused', (_, value, reason) => {
    expect(decodeLeaseTerms(encodeCanonical(value as CanonicalValue))).toEqual({ ok: false, reason });
  });

  it.each([
    ['fuel', { fuel: 101n }, 'at most 100 fuel'],
    ['memory', { memoryPages: 11 }, 'at most 10 pages of memory'],
    ['time', { deadlineMs: 1001 }, 'at most 1000 ms'],
    ['no fuel', { fuel: 0n }, 'each limit must be above 0'],
    ['no memory', { memoryPages: 0 }, 'each limit must be above 0'],
    ['no time', { deadlineMs: 0 }, 'each limit must be above 0'],
  ])('beyond what the operator lends are named: %s', (_, change, words) => {
    const config = {
      ...defaultConfig,
      name: 'cedar',
      maxRunFuel: 100n,
      maxRunMemoryPages: 10,
      maxRunMs: 1000,
    };
    const limits = { fuel: 100n, memoryPages: 10, deadlineMs: 1000 };
    expect(excessOf(limits, config)).toBeUndefined();
    expect(excessOf({ ...limits, ...change }, config)).toBe(words);
  });
});

describe('a question about a run', () => {
  const reexecuteAsk = {
    v: 1,
    document,
    package: 'anagrams@1.0.0',
    dependencies: {},
    receipt: encodeReceipt(receipt),
    memoryPages: 16,
    deadlineMs: 1000,
  } as const;

  it('comes back as it was asked', () => {
    expect(decodeExecuteAsk(ask)).toMatchObject({ ok: true });
    expect(decodeReexecuteAsk(encodeReexecuteAsk(reexecuteAsk))).toMatchObject({
      ok: true,
      value: reexecuteAsk,
    });
  });

  it.each([
    ['nothing', new Uint8Array(), 'truncated'],
    ['a cut one', ask.subarray(0, -1), 'truncated'],
    ['one with more behind', Buffer.concat([ask, ask]), 'trailing-bytes'],
    [
      'a huge transaction',
      encodeCanonical({ v: 1, transaction: new Uint8Array(65_537), proof: output }),
      'wrong-length',
    ],
    [
      'a huge proof',
      encodeCanonical({ v: 1, transaction: output, proof: new Uint8Array(1_048_577) }),
      'wrong-length',
    ],
    ['one without a proof', encodeCanonical({ v: 1, transaction: output }), 'missing-key'],
    ['a text for bytes', encodeCanonical({ v: 1, transaction: 'x', proof: output }), 'wrong-kind'],
  ])('that is %s is refused', (_, bytes, reason) => {
    expect(decodeExecuteAsk(bytes)).toMatchObject({ ok: false, reason });
  });

  it.each([
    ['a huge receipt', { ...reexecuteAsk, receipt: new Uint8Array(4097) }, 'wrong-length'],
    ['a document of another kind', { ...reexecuteAsk, document: terms.executor }, 'cid'],
    ['a deadline beyond a day', { ...reexecuteAsk, deadlineMs: 86_400_001 }, 'out-of-range'],
  ])('for a second execution with %s is refused', (_, value, reason) => {
    expect(decodeReexecuteAsk(encodeCanonical(value))).toMatchObject({ ok: false, reason });
  });

  it('never throws, whatever a peer sends', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) =>
          [decodeExecuteAsk, decodeReexecuteAsk, decodeLeaseTerms].every((decode) => !decode(bytes).ok) &&
          !openExecuteAnswer(bytes, ask, executor.publicKey).ok &&
          !openReexecuteAnswer(bytes, ask, executor.publicKey).ok,
      ),
    );
  });
});

describe('the answer to a run', () => {
  const signed = signExecuteAnswer(answer, ask, executor.secretKey);

  it('holds for the question that was asked, under the key of the node that was asked', () => {
    expect(openExecuteAnswer(signed, ask, executor.publicKey)).toEqual({ ok: true, answer });
  });

  it('is refused for another question, from another signer, and as the answer of another kind', () => {
    const other = encodeExecuteAsk({ v: 1, transaction: Uint8Array.of(1), proof: Uint8Array.of(3) });
    const bad = { ok: false, reason: 'bad-signature' };
    expect(openExecuteAnswer(signed, other, executor.publicKey)).toEqual(bad);
    expect(openExecuteAnswer(signed, ask, generateKey().publicKey)).toEqual(bad);
    expect(openExecuteAnswer(signed, ask, new Uint8Array())).toEqual(bad);
    expect(openReexecuteAnswer(signed, ask, executor.publicKey)).toEqual(bad);
    const again = signReexecuteAnswer(
      { v: 1, matches: true, differs: '', receipt: new Uint8Array(32) },
      ask,
      executor.secretKey,
    );
    expect(openReexecuteAnswer(again, ask, executor.publicKey)).toMatchObject({ ok: true });
    expect(openExecuteAnswer(again, ask, executor.publicKey)).toEqual(bad);
  });

  it('is refused with any bit of it altered', () => {
    fc.assert(
      fc.property(fc.nat(signed.length - 1), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const altered = signed.slice();
        altered[at] = (altered[at] ?? 0) ^ (1 << bit);
        return !openExecuteAnswer(altered, ask, executor.publicKey).ok;
      }),
    );
  });

  it.each([
    ['another output', { output: utf8('43') }, 'the output is not the one that its receipt names'],
    ['other fuel', { fuel: 99n }, 'its statement names other fuel'],
    ['no receipt', { receipt: new Uint8Array() }, 'its receipt cannot be read: truncated'],
    [
      'more fuel than leased',
      { fuel: 2000n, receipt: encodeReceipt({ ...receipt, fuel: 2000n }) },
      'it took more fuel than was leased',
    ],
    [
      'more memory than leased',
      { receipt: encodeReceipt({ ...receipt, memoryPages: 17 }) },
      'it took more memory than was leased',
    ],
  ])('with %s is not believed, though it is signed', (_, change, words) => {
    const asked = {
      terms: { fuel: 1000n, memoryPages: 16 },
      lease: 'lease-1',
      executorKey: executor.publicKey,
    };
    const faultOf = (given: ExecuteAnswer) => answerFault(given, given.output, asked);
    const told = { ...answer, statement: stated() };
    expect(faultOf(told)).toBeUndefined();
    expect(faultOf({ ...told, ...change })).toBe(words);
    const failed = { exit: 'error', statement: stated({ exit: 'error' }), fuel: 100n } as const;
    expect(faultOf({ ...told, ...change, ...failed })).toBeUndefined();
    expect(faultOf({ ...told, ...failed, fuel: 1001n })).toBe('it took more fuel than was leased');
    expect(faultOf({ ...told, ...failed, fuel: 101n })).toBe('its statement names other fuel');
  });

  it.each<[string, Uint8Array, string]>([
    ['of another lease', stated({ context: 'lease-2' }), 'its statement is of another lease'],
    ['of another exit', stated({ exit: 'memory' }), 'its statement names another exit'],
    ['of another node', stated({}, generateKey()), 'its statement does not hold: bad-signature'],
    ['of another output', stated({ output: sha256(utf8('43')) }), 'its statement is of another result'],
    ['of another receipt', stated({ receipt: new Uint8Array() }), 'its statement is of another result'],
    ['of another type', stated({ type: 'library.javascript' }), 'its statement is of another result'],
    ['that is none', utf8('a statement'), 'its statement does not hold: '],
  ])('with a statement %s is not believed', (_, statement, words) => {
    const asked = {
      terms: { fuel: 1000n, memoryPages: 16 },
      lease: 'lease-1',
      executorKey: executor.publicKey,
    };
    expect(answerFault({ ...answer, statement }, output, asked)).toContain(words);
  });

  it.each([
    ['as it was leased', {}, undefined],
    ['with a clock of its own', { clockMs: 2 }, 'the program had another clock than was leased'],
    [
      'with a seed of its own',
      { randomSeed: new Uint8Array(32).fill(2) },
      'the program had another seed than was leased',
    ],
    ['with less memory', { memoryLimitPages: 511 }, 'the program was given other memory than was leased'],
  ])('of a script that ran %s is judged by what was leased', (_, change, words) => {
    const { module: _module, op: _op, ...facts } = receipt;
    const script = encodeScriptReceipt({
      ...{ ...facts, engine: receipt.module, prelude: receipt.module, code: cidOf(output, 'dag-cbor') },
      ...{ entry: 'index.js', call: 'default', inputKind: 'bytes', outputKind: 'text' },
      ...{ clockMs: 1, randomSeed: new Uint8Array(32).fill(1), memoryLimitPages: 512, ...change },
    } as ScriptReceipt);
    const statement = stated({ type: 'library.javascript', receipt: script });
    const leased = { fuel: 1000n, memoryPages: 512, clockMs: 1, randomSeed: new Uint8Array(32).fill(1) };
    const asked = { terms: leased, lease: 'lease-1', executorKey: executor.publicKey };
    expect(answerFault({ ...answer, receipt: script, statement }, output, asked)).toBe(words);
  });

  it('is not made under a lease whose escrow the asker may have back before it ends', () => {
    expect([isPaidFor(1000, 1000), isPaidFor(1000, 600_999), isPaidFor(1000, 601_000)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('charges what was used, rounded up, and nothing where nothing was used', () => {
    expect(priceOf(1n, 1_000n)).toBe(1n);
    expect(priceOf(1_000_001n, 1_000n)).toBe(1_001n);
    expect(priceOf(0n, 1_000n)).toBe(0n);
    expect(priceOf(10n ** 12n, 0n)).toBe(0n);
  });
});

describe('used leases', () => {
  it('stay used over restarts', () => {
    using directory = temporaryDirectory();
    const leases = openUsedLeases(directory.usedLeases);
    expect(leases.has('lease-1')).toBe(false);
    expect(leases.use('lease-1')).toBe(true);
    expect(leases.use('lease-1')).toBe(false);
    expect(leases.use('lease-2')).toBe(true);
    const again = openUsedLeases(directory.usedLeases);
    expect([again.has('lease-1'), again.use('lease-2'), again.use('lease-3')]).toEqual([true, false, true]);
  });

  it('lose a line that a crash cut, whose run never started, and nothing before or after it', () => {
    using directory = temporaryDirectory();
    openUsedLeases(directory.usedLeases).use('lease-1');
    appendFileSync(directory.usedLeases, 'lease-2-is-c');
    const leases = openUsedLeases(directory.usedLeases);
    expect(leases.use('lease-2-is-cut')).toBe(true);
    expect(leases.use('lease-1')).toBe(false);
    expect(readFileSync(directory.usedLeases, 'utf8')).toBe('lease-1\nlease-2-is-c\nlease-2-is-cut\n');
    const again = openUsedLeases(directory.usedLeases);
    expect([again.use('lease-1'), again.use('lease-2-is-cut')]).toEqual([false, false]);
  });

  it('open over a file of anything', () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(directory.usedLeases, Uint8Array.of(0, 255, 10, 10, 254));
    expect(openUsedLeases(directory.usedLeases).use('lease-1')).toBe(true);
    expect(openUsedLeases(directory.usedLeases).use('lease-1')).toBe(false);
  });
});

describe('slots', () => {
  it('are free again when they are given back, once', () => {
    const slots = createSlots({ inAll: 3, each: 2 });
    const [first, second] = [slots.take('a'), slots.take('a')];
    expect(slots.take('a')).toBeUndefined();
    const other = slots.take('b');
    expect(slots.take('b')).toBeUndefined();
    first?.[Symbol.dispose]();
    first?.[Symbol.dispose]();
    expect(slots.take('b')).toBeDefined();
    expect(slots.take('a')).toBeUndefined();
    second?.[Symbol.dispose]();
    other?.[Symbol.dispose]();
    expect([slots.take('c'), slots.take('c'), slots.take('c')].map((slot) => slot !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
  });
});
