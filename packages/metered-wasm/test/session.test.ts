import { afterAll, describe, expect, it } from 'vitest';
import { meter, openRunner, type SessionCall } from '../src/index.ts';
import { I32, type Instruction, type ModuleSpec, signed } from './modules/encoder.ts';
import { bytesOf, ECHO, MEMORY_BOMB, RECURSE, SPIN } from './modules/guests.ts';

const runner = openRunner({ workers: 1, sessions: 2 });
afterAll(() => runner[Symbol.asyncDispose]());

function metered(body: readonly Instruction[], more?: Partial<ModuleSpec>, memoryMaxPages = 64): Uint8Array {
  const verdict = meter(bytesOf(body, more), { memoryMaxPages });
  if (!verdict.ok) throw new Error(verdict.detail);
  return verdict.module;
}

async function open(body: readonly Instruction[], more?: Partial<ModuleSpec>, maxPages?: number) {
  const opened = await runner.open({ module: metered(body, more, maxPages) });
  if (!opened.ok) throw new Error(opened.reason.detail);
  const { session } = opened;
  const call = (over: Partial<SessionCall> = {}) =>
    session.call({ op: 'run', input: Uint8Array.of(1, 2, 3), fuel: 100_000n, deadlineMs: 20_000, ...over });
  return { session, call };
}

/** Counts its calls in a global and answers so many bytes. */
const COUNT: readonly Instruction[] = [[0x23, 1], [0x41, 1], [0x6a], [0x24, 1], [0x23, 1], [0xad]];
const counting: Partial<ModuleSpec> = {
  globals: [
    { type: I32, init: [0x41, ...signed(1024)] },
    { type: I32, init: [0x41, 0] },
  ],
};

describe('a session', () => {
  it('keeps its instance between calls, each on fuel of its own', async () => {
    const { session, call } = await open(COUNT, counting);
    await using _ = session;
    for (const count of [1, 2, 3]) {
      expect(await call({ fuel: 1_000n })).toMatchObject({ ok: true, output: new Uint8Array(count).fill(0) });
    }
  });

  it('answers as a run does, for the same fuel', async () => {
    const { session, call } = await open(ECHO);
    await using _ = session;
    const run = await runner.run({
      module: metered(ECHO),
      input: Uint8Array.of(1, 2, 3),
      op: 'run',
      fuel: 100_000n,
      deadlineMs: 20_000,
    });
    const kept = await call();
    expect(kept).toMatchObject({ ok: true, output: Uint8Array.of(1, 2, 3) });
    expect(run.ok && kept.ok && kept.fuelUsed === run.fuelUsed).toBe(true);
    expect(await Promise.all([call(), call(), call()])).toMatchObject([
      { ok: true },
      { ok: true },
      { ok: true },
    ]);
  });

  it.each([
    ['out-of-fuel', SPIN],
    ['memory', MEMORY_BOMB],
    ['trap', RECURSE],
  ] as const)('whose guest ends with %s has a fresh instance for the next call', async (reason, body) => {
    const { session, call } = await open(body);
    await using _ = session;
    for (let at = 0; at < 3; at++)
      expect(await call({ fuel: 10_000_000n })).toMatchObject({ ok: false, reason });
    expect(session.isOpen).toBe(true);
  });

  it('is over at a deadline, when a call is aborted, and when it is closed', async () => {
    const late = await open(SPIN);
    expect(await late.call({ fuel: 2n ** 62n, deadlineMs: 50 })).toMatchObject({
      ok: false,
      reason: 'deadline',
    });
    expect(late.session.isOpen).toBe(false);
    await expect(late.call()).rejects.toMatchObject({ code: 'metered-wasm/closed' });
    const given = await open(SPIN);
    const abort = new AbortController();
    const call = given.call({ fuel: 2n ** 62n, signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    expect(given.session.isOpen).toBe(false);
    const closed = await open(SPIN);
    const running = closed.call({ fuel: 2n ** 62n });
    await closed.session[Symbol.asyncDispose]();
    await expect(running).rejects.toMatchObject({ code: 'metered-wasm/closed' });
  });

  it('is not opened for what is not metered, nor beyond how many there may be', async () => {
    expect(await runner.open({ module: bytesOf(ECHO) })).toMatchObject({
      ok: false,
      reason: { reason: 'denied' },
    });
    const [first, second] = [await open(ECHO), await open(ECHO)];
    expect(await runner.open({ module: metered(ECHO) })).toMatchObject({
      ok: false,
      reason: { reason: 'busy' },
    });
    await first.session[Symbol.asyncDispose]();
    const third = await open(COUNT, counting);
    expect(await third.call()).toMatchObject({ ok: true, output: new Uint8Array(1) });
    await second.session[Symbol.asyncDispose]();
    await third.session[Symbol.asyncDispose]();
  });

  it('is given up where an instance swells, and the next call gets a fresh one', async () => {
    // Grows by 40 pages a call and counts: after the third call it has grown by 64 pages and begins again.
    const swelling: readonly Instruction[] = [[0x41, 40], [0x40, 0], [0x1a], ...COUNT];
    const { session, call } = await open(swelling, counting, 1024);
    await using _ = session;
    const counts = [];
    for (let at = 0; at < 5; at++) {
      const answer = await call({ fuel: 10_000_000n });
      counts.push(answer.ok ? answer.output.length : answer.reason);
    }
    expect(counts).toEqual([1, 2, 3, 1, 2]);
  });
});
