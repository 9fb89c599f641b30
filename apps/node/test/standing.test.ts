import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NodeId, silentLog } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { createIntake, lackOf, measureResources, type Resources } from '../src/standing/intake.ts';
import {
  createHolds,
  describePhases,
  findHolds,
  type HoldStatus,
  type StandingFacts,
} from '../src/standing/phase-report.ts';
import { isStorageTrouble, proveStorage } from '../src/standing/storage-evidence.ts';
import { type StandingParts, watchStanding } from '../src/standing/watch.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const nowMs = Date.UTC(2026, 0, 2);
const day = 86_400_000;
const sound: StandingFacts = {
  nowMs,
  nodeId: 'birch' as NodeId,
  pinnedRoot: 'SHA256:00',
  isFounder: false,
  founder: { node: 'amber-id' as NodeId, name: 'amber', isConnected: true },
  certificate: { fromMs: nowMs - day, untilMs: nowMs + day },
  isPresent: true,
  genesis: { chain: 'chain', members: 4 },
  ledger: {
    height: 7,
    lastBlockMs: nowMs - 100,
    validators: 4,
    quorum: 3,
    connected: 4,
    missing: [],
    mutedUntilView: undefined,
  },
};

describe('phases', () => {
  it('are each reached by evidence that they name [node-01]', () => {
    const phases = describePhases(sound);
    expect(phases.map(({ phase, isReached }) => [phase, isReached])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
    expect(phases.flatMap(({ evidence }) => evidence)).toEqual([
      'keys of birch',
      'one root is believed: SHA256:00',
      'a chain below the pinned root that names this node until 2026-01-03T00:00:00.000Z',
      'genesis of chain lists this node among 4 members',
      'block 7 is final here',
    ]);
    expect(findHolds(sound)).toEqual([]);
  });

  it('that are not reached say what is missing and what to do [node-01]', () => {
    const { ledger: _, ...rest } = sound;
    const phases = describePhases({
      ...rest,
      isPresent: false,
      certificate: { problem: 'no certificate', asked: 'nobody answers' },
      founder: { node: 'amber-id' as NodeId, isConnected: false },
      genesis: {},
    });
    expect(phases.map(({ isReached, missing, next }) => [isReached, missing, next])).toEqual([
      [true, undefined, undefined],
      [
        false,
        'a certificate that holds: no certificate',
        expect.stringContaining('until amber-id answers (asked: nobody answers)'),
      ],
      [false, 'phase 1', 'it comes from amber-id once all founding members have joined'],
    ]);
  });

  it('that were reached stay reached, whatever is lost afterwards [node-01]', () => {
    const lost = {
      ...sound,
      founder: { ...sound.founder, isConnected: false },
      certificate: { ...sound.certificate, problem: 'expired' },
      services: { problem: 'ENOSPC', next: 'free space', isRetried: true },
    };
    expect(describePhases(lost).every(({ isReached }) => isReached)).toBe(true);
    expect(findHolds(lost).length).toBeGreaterThan(3);
  });
});

describe('a lost dependency', () => {
  const { ledger } = sound;
  if (ledger === undefined) throw new Error('a ledger');
  const lack = { of: 'disk' as const, reason: '1 MiB are free', next: 'free space' };
  it.each<[string, Partial<StandingFacts>, [string, string, RegExp][]]>([
    [
      'the founder',
      { founder: { ...sound.founder, isConnected: false } },
      [
        ['renewal', 'held', /amber, which certifies, has no session/],
        ['publishing', 'refused', /log of the mesh cannot be reached: amber keeps it/],
      ],
    ],
    [
      'the certificate',
      { certificate: { ...sound.certificate, problem: 'expired: it ended yesterday' } },
      [['sessions', 'refused', /expired: it ended yesterday/]],
    ],
    [
      'the quorum',
      { ledger: { ...ledger, connected: 2, missing: ['cedar', 'delta'] } },
      [['ledger', 'held', /2 of 4 validators are connected, 3 are needed/]],
    ],
    [
      'a clock that agrees with the certificate',
      { nowMs: nowMs - 365 * day },
      [['clock', 'refused', /clock says 2025-01-02.* certificate was made 2026-01-01/]],
    ],
    [
      'a clock that agrees with the blocks',
      { nowMs: nowMs - day / 2 },
      [['clock', 'refused', /a quorum agreed on a block of 2026-01-01T23:59:59/]],
    ],
    [
      'a clock that goes as the blocks that come',
      { clockBehindMs: -120_000 },
      [['clock', 'refused', /120 s ahead of the blocks/]],
    ],
    ['space on the disk', { lack }, [['new-work', 'refused', /1 MiB are free/]]],
    [
      'a disk that takes writes',
      { services: { problem: 'ENOSPC', next: 'free space', isRetried: true } },
      [['services', 'held', /ENOSPC/]],
    ],
    [
      'the vote log',
      { ledger: { ...ledger, mutedUntilView: 90 } },
      [['voting', 'held', /nothing is signed up to view 90/]],
    ],
    [
      'what a restored validator signed',
      { restored: { why: 'restored', next: 'wait' } },
      [['voting', 'held', /restored/]],
    ],
    [
      'the newest state of the log',
      { logProblem: 'restored log' },
      [['publishing', 'refused', /restored log/]],
    ],
  ])('%s is named with what it holds or refuses, and what to do [node-01]', (_, change, expected) => {
    const holds = findHolds({ ...sound, ...change });
    expect(holds.map(({ capability, state }) => [capability, state])).toEqual(
      expected.map(([capability, state]) => [capability, state]),
    );
    for (const [index, hold] of holds.entries()) {
      expect(hold.why).toMatch(expected[index]?.[2] ?? /./);
      expect(hold.next.length).toBeGreaterThan(3);
    }
  });

  it('is told once when it begins and once when it is over, and keeps its beginning', () => {
    const told: [string, boolean][] = [];
    const holds = createHolds(({ capability }: HoldStatus, isOver) => told.push([capability, isOver]));
    const facts = { ...sound, lack };
    const [first] = holds.update(findHolds(facts), nowMs);
    const [second] = holds.update(findHolds(facts), nowMs + 5_000);
    expect(second?.since).toBe(first?.since);
    expect(first?.since).toBe('2026-01-02T00:00:00.000Z');
    expect(holds.update(findHolds(sound), nowMs + 6_000)).toEqual([]);
    const [again] = holds.update(findHolds(facts), nowMs + 7_000);
    expect(again?.since).toBe('2026-01-02T00:00:07.000Z');
    expect(told).toEqual([
      ['new-work', false],
      ['new-work', true],
      ['new-work', false],
    ]);
  });
});

describe('a failure', () => {
  it('of a look at the node does not end the node, and the next look comes', () => {
    const clock = createManualClock();
    const logged: string[] = [];
    const log = { ...silentLog, warn: (event: string) => logged.push(event) };
    const phase0 = () => {
      throw new Error('statfs: EIO');
    };
    const parts = { clock, log, presence: phase0 } as unknown as StandingParts;
    using _watched = watchStanding(parts);
    clock.advance(2_000);
    clock.advance(2_000);
    expect(logged).toEqual(['node.not-looked-at', 'node.not-looked-at']);
  });

  it('that nobody caught ends the process with 1 and stands in its log', () => {
    using folder = temporaryDirectory();
    const source = `
      import { silentLog } from '@hypermesh/core';
      import { systemClock } from '@hypermesh/core/node';
      import { openNodeLog } from './src/monitor/logs/node-log.ts';
      import { createMetrics } from './src/monitor/metrics/registry.ts';
      import { logCrashes } from './src/standing/crash-log.ts';
      const log = openNodeLog(process.argv.at(-1) ?? '', {
        beside: silentLog, least: 'info', bounds: { fileBytes: 1_000_000, files: 2 }, clock: systemClock, metrics: createMetrics([]),
      });
      logCrashes(log);
      Promise.reject(new Error('nobody caught this'));
    `;
    const ended = spawnSync(
      process.execPath,
      ['--conditions=@hypermesh/source', '--input-type=module-typescript', '-', folder.path],
      { cwd: join(import.meta.dirname, '..'), input: source, encoding: 'utf8' },
    );
    expect(ended.status, ended.stderr).toBe(1);
    expect(JSON.parse(readFileSync(join(folder.path, 'node-1.log'), 'utf8'))).toMatchObject({
      level: 'error',
      event: 'node.crashed',
      origin: 'unhandledRejection',
      message: 'Error: nobody caught this',
    });
  });
});

describe('the intake', () => {
  const mebibyte = 2 ** 20;
  const plenty: Resources = {
    residentBytes: 100 * mebibyte,
    memoryLimitBytes: undefined,
    availableBytes: 8_000 * mebibyte,
    freeDiskBytes: 8_000 * mebibyte,
  };
  const limits = { maxMemoryMb: 0, minFreeDiskMb: 64 };

  it.each<[string, Partial<Resources>, Partial<typeof limits>, string | undefined]>([
    ['plenty', {}, {}, undefined],
    ['memory below the watermark', { residentBytes: 179 * mebibyte }, { maxMemoryMb: 200 }, undefined],
    ['memory above the watermark', { residentBytes: 181 * mebibyte }, { maxMemoryMb: 200 }, 'memory'],
    ['a bound of the system', { memoryLimitBytes: 100 * mebibyte }, {}, 'memory'],
    ['the lower of two bounds', { memoryLimitBytes: 100 * mebibyte }, { maxMemoryMb: 500 }, 'memory'],
    ['a machine without memory', { availableBytes: 10 * mebibyte }, {}, 'memory'],
    ['a machine that does not tell', { availableBytes: undefined }, {}, undefined],
    ['a disk at the reserve', { freeDiskBytes: 64 * mebibyte }, {}, undefined],
    ['a disk below the reserve', { freeDiskBytes: 64 * mebibyte - 1 }, {}, 'disk'],
  ])('judges %s', (_, resources, change, expected) => {
    expect(lackOf({ ...limits, ...change }, { ...plenty, ...resources })?.of).toBe(expected);
  });

  it('refuses with a type, says what to do, and takes again when there is room', async () => {
    let resources = { ...plenty, freeDiskBytes: 0 };
    const intake = createIntake(limits, () => resources);
    expect(await failureOf(() => intake.demand())).toMatchObject({
      code: 'node/no-room',
      of: 'disk',
      reason: '0 MiB are free, 64 MiB are left to the ledger',
    });
    resources = plenty;
    intake.demand();
    expect(intake.lack()).toBeUndefined();
  });

  it('drains: takes nothing new, and waits for what is under way until it is told not to', async () => {
    const intake = createIntake(limits, () => plenty);
    const never = new AbortController().signal;
    const [one, two] = [intake.begin(), intake.begin()];
    let isOver = false;
    const draining = intake.drain(never).then(() => {
      isOver = true;
    });
    expect(await failureOf(() => intake.demand())).toMatchObject({ code: 'node/no-room', of: 'time' });
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await Promise.resolve();
    expect([isOver, intake.running]).toEqual([false, 1]);
    two[Symbol.dispose]();
    await draining;
    const late = createIntake(limits, () => plenty);
    using _under = late.begin();
    await late.drain(AbortSignal.abort());
    expect(late.running).toBe(1);
    await createIntake(limits, () => plenty).drain(never);
  });

  it('measures this process and this disk', () => {
    const found = measureResources(process.cwd());
    expect(found.residentBytes).toBeGreaterThan(mebibyte);
    expect(found.freeDiskBytes).toBeGreaterThan(0);
  });
});

describe('the evidence of a disk', () => {
  it('is a file that was written, made durable and removed', () => {
    using directory = temporaryDirectory();
    expect(proveStorage(directory.path)).toMatch(/ENOENT/);
    expect(proveStorage(process.cwd())).toBeUndefined();
  });

  it('is asked for after errors of the disk alone', () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    expect(isStorageTrouble(full)).toBe(true);
    expect(isStorageTrouble(new Error('wrapped', { cause: full }))).toBe(true);
    expect(isStorageTrouble(new Error('storage: ENOSPC: no space left on device, write'))).toBe(true);
    expect(isStorageTrouble(Object.assign(new Error('gone'), { code: 'ENOENT' }))).toBe(false);
    expect(isStorageTrouble(new Error('consensus/storage-corrupt'))).toBe(false);
    expect(isStorageTrouble('ENOSPC')).toBe(false);
  });
});
