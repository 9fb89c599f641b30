import { cidOf } from '@hypermesh/core';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  decodeReceipt,
  type ExecutionReceipt,
  encodeReceipt,
  meter,
  openRunner,
  receiptCid,
  reexecute,
} from '../src/index.ts';
import { encodeModule, type Instruction, signed } from './modules/encoder.ts';
import { bytesOf } from './modules/guests.ts';
import { observe } from './modules/instance.ts';
import { randomModule } from './modules/random.ts';

const runner = openRunner({ workers: 1 });
const another = openRunner({ workers: 1 });
afterAll(() => Promise.all([runner, another].map((each) => each[Symbol.asyncDispose]())));

/** FNV-1a (64 bits) over the input, answered as eight bytes at address 8. */
const HASH: readonly Instruction[] = [
  [0x42, ...signed(-3750763034362895579n)],
  [0x21, 6],
  [0x02, 0x40],
  [0x03, 0x40],
  [0x20, 4],
  [0x20, 3],
  [0x4f],
  [0x0d, 1],
  [0x20, 6],
  [0x20, 2],
  [0x20, 4],
  [0x6a],
  [0x31, 0, 0],
  [0x85],
  [0x42, ...signed(1099511628211n)],
  [0x7e],
  [0x21, 6],
  [0x20, 4],
  [0x41, 1],
  [0x6a],
  [0x21, 4],
  [0x0c, 0],
  [0x0b],
  [0x0b],
  [0x41, 8],
  [0x20, 6],
  [0x37, 3, 0],
  [0x42, ...signed((8n << 32n) | 8n)],
];

function metered(bytes: Uint8Array): Uint8Array {
  const verdict = meter(bytes);
  if (!verdict.ok) throw new Error(verdict.detail);
  return verdict.module;
}

const module = metered(bytesOf(HASH));
const input = new TextEncoder().encode('what is hashed');

async function receiptOf(): Promise<ExecutionReceipt> {
  const result = await runner.run({ module, input, fuel: 10_000, deadlineMs: 20_000 });
  if (!result.ok) throw new Error(result.detail);
  return result.receipt;
}

describe('a receipt', () => {
  it('holds when module and input are run again elsewhere [metered-wasm-x03]', async () => {
    const receipt = await receiptOf();
    const again = await reexecute(receipt, { module, input, runner: another });
    expect(again).toMatchObject({ ok: true });
    expect(again.ok && cidOf(again.output, 'raw')).toBe(receipt.output);
  });

  it('says by the changed field that one changed byte is caught [metered-wasm-x03]', async () => {
    const receipt = await receiptOf();
    for (let at = 0; at < input.length; at++) {
      const changed = input.with(at, (input[at] as number) ^ 1);
      expect(await reexecute(receipt, { module, input: changed, runner })).toMatchObject({ reason: 'input' });
    }
    for (let at = 0; at < module.length; at += 7) {
      const changed = module.with(at, (module[at] as number) ^ 1);
      expect(await reexecute(receipt, { module: changed, input, runner })).toMatchObject({
        reason: 'module',
      });
    }
  });

  const other = cidOf(Uint8Array.of(1), 'raw');
  it.each<[string, (receipt: ExecutionReceipt) => Partial<ExecutionReceipt>]>([
    ['module', () => ({ module: other })],
    ['input', () => ({ input: other })],
    ['output', () => ({ output: other })],
    ['fuel', ({ fuel }) => ({ fuel: fuel + 1n })],
    ['fuel', ({ fuel }) => ({ fuel: fuel - 1n })],
    ['memoryPages', () => ({ memoryPages: 2 })],
    ['profile', () => ({ profile: 'hm-det-0' as 'hm-det-1' })],
  ])('that lies about its %s is caught by that name [metered-wasm-x03]', async (field, lie) => {
    const receipt = await receiptOf();
    const verdict = await reexecute({ ...receipt, ...lie(receipt) }, { module, input, runner });
    expect(verdict).toMatchObject({ ok: false, reason: field });
  });

  it('costs a verifier no more fuel than it claims', async () => {
    const receipt = await receiptOf();
    const verdict = await reexecute({ ...receipt, fuel: 1n }, { module, input, runner });
    expect(verdict).toMatchObject({
      ok: false,
      reason: 'fuel',
      detail: '1 in the receipt, more than 1 here',
    });
  });

  it('goes through its bytes and back', () => {
    const cid = fc.uint8Array({ maxLength: 20 }).map((bytes) => cidOf(bytes, 'raw'));
    const receipts = fc.record(
      {
        v: fc.constant(1 as const),
        module: cid,
        op: fc.string({ maxLength: 60 }),
        input: cid,
        output: cid,
        fuel: fc.bigInt({ min: 0n, max: 2n ** 62n }),
        memoryPages: fc.integer({ min: 0, max: 65_536 }),
        profile: fc.constant('hm-det-1' as const),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(receipts, (receipt) => {
        const decoded = decodeReceipt(encodeReceipt(receipt));
        expect(decoded).toStrictEqual({ ok: true, value: receipt });
      }),
      { numRuns: 300 },
    );
  });

  it('is refused with a reason when its bytes are not those of a receipt', async () => {
    const bytes = encodeReceipt(await receiptOf());
    expect(decodeReceipt(new Uint8Array())).toMatchObject({ ok: false });
    expect(decodeReceipt(bytes.subarray(0, -1))).toMatchObject({ ok: false });
    expect(decodeReceipt(Uint8Array.of(...bytes, 0))).toMatchObject({ ok: false });
    expect(decodeReceipt(new Uint8Array(5_000))).toMatchObject({ ok: false });
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const decoded = decodeReceipt(bytes.with(at, (bytes[at] as number) ^ 0x80));
      if (!decoded.ok) refused++;
    }
    expect(refused).toBeGreaterThan(0);
  });
});

describe('fuel, output and bytes are the same on every Node', () => {
  it('for a run through the workers', async () => {
    const receipt = await receiptOf();
    expect({ ...receipt, cid: receiptCid(receipt) }).toStrictEqual(GOLDEN_RECEIPT);
  });

  it('for random modules: results and fuel, by one digest', () => {
    const lines: string[] = [];
    for (let seed = 1; seed <= 400; seed++) {
      const bytes = metered(encodeModule(randomModule(seed, { withExceptions: seed % 2 === 0 })));
      const { fuel, memory, result } = observe(bytes);
      lines.push(
        `${cidOf(bytes, 'raw')} ${typeof result === 'string' ? 'trap' : String(result)} ${fuel} ${cidOf(memory, 'raw')}`,
      );
    }
    expect(cidOf(new TextEncoder().encode(lines.join('\n')), 'raw')).toBe(GOLDEN_RANDOM);
  });
});

const GOLDEN_RECEIPT = {
  v: 1,
  module: 'bafkreihbqmri2np4eyuz6z6td5rw66rxibut37sfldk2duq4rvr2rcjjbq',
  op: 'run',
  input: 'bafkreictzqz74qcfrkmsqqifwxqb7rcch5t5h52r2w4irhqboeww6gjnu4',
  output: 'bafkreihw5tw6hfl3yg5ioflzhmmnqkb6tapyo3soeym4awjdnppngpsape',
  fuel: 302n,
  memoryPages: 1,
  profile: 'hm-det-1',
  cid: 'bafyreifotggyfalzjudz2h6xhiezlqedatxsg365fae72wk7ivylykqi5m',
};
const GOLDEN_RANDOM = 'bafkreigqnferbjfcvbwivix5x4h63xzy6b5ihfnwodwdkfzklplwv55ccm';
