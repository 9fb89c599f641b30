import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner, verify } from '@hypermesh/core/ed25519';
import { createManualClock } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuditLog, verifyAuditFolder } from '../src/host/index.ts';

const own = createSigner(new Uint8Array(32).fill(3));
const signer = {
  sign: own.sign,
  verify: (message: Uint8Array, signature: Uint8Array) => verify(signature, message, own.publicKey),
};
let folder = '';
const file = () => join(folder, 'audit.jsonl');
const head = () => join(folder, 'audit.head.json');
const clock = createManualClock(1_700_000_000_000);
const open = () => openAuditLog(folder, { signer, clock });
const faultOf = () => {
  const verdict = verifyAuditFolder(folder, signer);
  return verdict.ok
    ? `ok ${verdict.records.length} ${verdict.unsigned}`
    : `${verdict.reason.fault} ${verdict.reason.line}`;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hm-audit-'));
  await using audit = open();
  for (let at = 1; at <= 5; at++)
    audit.append({ event: 'test.event', extension: 'acme', detail: { at, note: 'é"\n' } });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the audit log', () => {
  it('is what was written, also after it was opened again', async () => {
    expect(faultOf()).toBe('ok 5 0');
    {
      await using audit = open();
      expect(audit.setAside).toBeUndefined();
      audit.append({ event: 'test.more', extension: 'acme' });
    }
    expect(faultOf()).toBe('ok 6 0');
  });

  it('shows any byte that was changed', () => {
    const bytes = readFileSync(file());
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] ?? 0) ^ bits;
        writeFileSync(file(), copy);
        expect(faultOf()).not.toMatch(/^ok 5/);
      }),
      { numRuns: 200 },
    );
  });

  it.each<[string, (lines: string[]) => string[], string]>([
    ['a record taken out', (lines) => lines.toSpliced(2, 1), 'broken-chain 3'],
    ['two records exchanged', ([a = '', b = '', ...rest]) => [b, a, ...rest], 'broken-chain 1'],
    ['a record put in twice', ([a = '', ...rest]) => [a, a, ...rest], 'broken-chain 2'],
    ['its end cut off', (lines) => lines.slice(0, 4), 'truncated 5'],
    ['everything taken away', () => [], 'truncated 1'],
    ['half of its last line', (lines) => [...lines.slice(0, 4), `${lines[4]?.slice(0, 30)}`], 'truncated 5'],
    ['a line of something else', (lines) => [...lines, '{}'], 'malformed 6'],
  ])('shows %s', (_, change, fault) => {
    const lines = readFileSync(file(), 'utf8').split('\n').slice(0, -1);
    const changed = change(lines);
    const isHalf = changed.at(-1)?.endsWith('}') === false;
    writeFileSync(
      file(),
      changed
        .map((line) => `${line}\n`)
        .join('')
        .slice(0, isHalf ? -1 : undefined),
    );
    expect(faultOf()).toBe(fault);
  });

  it('shows a chain that was written anew without the key', () => {
    const signed = readFileSync(head(), 'utf8');
    const other = createSigner(new Uint8Array(32).fill(4));
    const forger = {
      sign: other.sign,
      verify: (message: Uint8Array, signature: Uint8Array) => verify(signature, message, other.publicKey),
    };
    rmSync(folder, { recursive: true });
    const audit = openAuditLog(folder, { signer: forger, clock });
    for (let at = 1; at <= 5; at++)
      audit.append({ event: 'test.event', extension: 'acme', detail: { at: at * 2 } });
    audit.flush();
    expect(faultOf()).toBe('head-forged 0');
    writeFileSync(head(), signed);
    expect(faultOf()).toBe('head-mismatch 5');
    rmSync(head());
    expect(faultOf()).toBe('no-head 0');
  });

  it('that was tampered with is set aside, and the new one begins by saying so', async () => {
    writeFileSync(file(), readFileSync(file(), 'utf8').replace('"at":3', '"at":4'));
    {
      await using audit = open();
      expect(audit.setAside).toMatchObject({ fault: 'broken-chain at line 3' });
    }
    const verdict = verifyAuditFolder(folder, signer);
    expect(verdict.ok && verdict.records).toMatchObject([{ seq: 1, event: 'audit.tampered' }]);
    expect(readdirSync(folder).filter((name) => name.includes('broken-chain'))).toHaveLength(2);
  });

  it('goes on after a crash: what was not signed yet is kept, half a line is not', async () => {
    const audit = open();
    audit.append({ event: 'test.late', extension: 'acme' });
    expect(faultOf()).toBe('ok 6 1');
    writeFileSync(file(), `${readFileSync(file(), 'utf8')}{"seq":7,"atMs`);
    expect(faultOf()).toBe('ok 6 1');
    {
      await using again = open();
      expect(again.setAside).toBeUndefined();
      again.append({ event: 'test.after', extension: 'acme' });
    }
    expect(faultOf()).toBe('ok 7 0');
    await audit[Symbol.asyncDispose]();
  });

  it('signs by itself after a second, and after many records', async () => {
    const audit = open();
    audit.append({ event: 'test.one', extension: 'acme' });
    clock.advance(1_000);
    expect(faultOf()).toBe('ok 6 0');
    for (let at = 0; at < 64; at++) audit.append({ event: 'test.many', extension: `acme.${at % 4}` });
    await Promise.resolve();
    expect(faultOf()).toBe('ok 70 0');
    await audit[Symbol.asyncDispose]();
  });

  it('cannot be flooded by one extension, and says how much it left out', async () => {
    const audit = open();
    for (let at = 0; at < 2_000; at++)
      audit.append({ event: 'test.flood', extension: 'acme', detail: { text: 'x'.repeat(10_000) } });
    audit.append({ event: 'test.other', extension: 'other' });
    clock.advance(1_000);
    audit.append({ event: 'test.flood', extension: 'acme' });
    await audit[Symbol.asyncDispose]();
    const verdict = verifyAuditFolder(folder, signer);
    if (!verdict.ok) throw new Error(verdict.reason.fault);
    expect(verdict.records.length).toBeLessThan(600);
    expect(verdict.records.at(-2)).toMatchObject({ event: 'test.other' });
    expect(Number(verdict.records.at(-1)?.detail['suppressed'])).toBeGreaterThan(1_400);
    expect(readFileSync(file()).length).toBeLessThan(600 * 600);
  });

  describe('of many records', () => {
    const bounds = { fileBytes: 2_000, files: 3 };
    const write = async (from: number, to: number) => {
      await using audit = openAuditLog(folder, { signer, clock, bounds });
      for (let at = from; at < to; at++) {
        audit.append({ event: 'test.more', extension: `acme.${at}`, detail: { at } });
        if (at % 5 === 0) audit.flush();
      }
    };
    const ended = () =>
      readdirSync(folder)
        .filter((name) => /^audit-\d+\.jsonl$/.test(name))
        .sort((a, b) => Number(/\d+/.exec(a)) - Number(/\d+/.exec(b)));

    it('keeps so many files and no more; the chain over them is whole, from the record after the last that was dropped', async () => {
      await write(0, 100);
      await write(100, 200);
      expect(ended()).toHaveLength(2);
      const verdict = verifyAuditFolder(folder, signer);
      if (!verdict.ok) throw new Error(verdict.reason.fault);
      expect(verdict.records.at(-1)).toMatchObject({ seq: 205, detail: { at: 199 } });
      expect(verdict.records[0]?.seq).toBeGreaterThan(100);
      expect(ended()[0]).toBe(`audit-${verdict.records[0]?.seq}.jsonl`);
      const onDisk = readdirSync(folder).reduce(
        (sum, name) => sum + readFileSync(join(folder, name)).length,
        0,
      );
      expect(onDisk).toBeLessThan(3 * 3_000 + 1_000);
    });

    it.each<[string, () => void, RegExp]>([
      ['a file that was taken away', () => rmSync(join(folder, ended()[1] ?? '')), /^broken-chain/],
      [
        'the oldest taken away with what was dropped',
        () => rmSync(join(folder, ended()[0] ?? '')),
        /^broken-chain/,
      ],
      ['the base taken away', () => rmSync(join(folder, 'audit.base.json')), /^broken-chain 1$/],
      [
        'a base that somebody else signed',
        () => {
          const base = join(folder, 'audit.base.json');
          const text = readFileSync(base, 'utf8');
          writeFileSync(
            base,
            text.replace(/"seq":(\d+)/, (_, seq) => `"seq":${Number(seq) + 1}`),
          );
        },
        /^base-forged 0$/,
      ],
      [
        'a head in the place of the base',
        () => writeFileSync(join(folder, 'audit.base.json'), readFileSync(head())),
        /^base-forged 0$/,
      ],
      ['the newest file taken away', () => rmSync(file()), /^truncated/],
      [
        'a record changed in an older file',
        () => {
          const path = join(folder, ended()[0] ?? '');
          writeFileSync(path, readFileSync(path, 'utf8').replace('"at":1', '"at":2'));
        },
        /^broken-chain/,
      ],
    ])('shows %s', async (_, change, fault) => {
      await write(0, 203);
      await write(203, 206);
      change();
      expect(faultOf()).toMatch(fault);
      await write(206, 207);
      const verdict = verifyAuditFolder(folder, signer);
      expect(verdict.ok && verdict.records.map(({ event }) => event)).toEqual([
        'audit.tampered',
        'test.more',
      ]);
    });

    it('goes on after a crash between signing for what is dropped and dropping it', async () => {
      await write(0, 200);
      const before = faultOf();
      const [oldest = ''] = ended();
      const text = readFileSync(join(folder, oldest), 'utf8');
      await write(200, 240);
      expect(ended()).not.toContain(oldest);
      const after = faultOf();
      writeFileSync(join(folder, oldest), text);
      expect(faultOf()).toBe(after);
      expect(before).not.toBe(after);
      await write(240, 280);
      expect(faultOf()).toMatch(/^ok \d+ 0$/);
      expect(ended()).toHaveLength(2);
    });
  });
});
