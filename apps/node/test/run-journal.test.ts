import { existsSync, writeFileSync } from 'node:fs';
import { createManualClock } from '@hypermesh/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../src/data-directory.ts';
import { openJournal } from '../src/facts/journal.ts';
import { runPage } from '../src/run/answers.ts';
import { openRunJournal, type RunFacts } from '../src/run/journal.ts';
import { temporaryDirectory } from './support.ts';

const directory = temporaryDirectory();
let files = 0;
const nextPath = () => `${directory.path}/journal-${files++}.sqlite`;
const allowed = { fuelLimit: '10', memoryPagesLimit: 16, deadlineMs: 1_000, price: '10' };

beforeAll(() => makeFolder(directory.path));
afterAll(() => directory[Symbol.dispose]());

function open(path: string, keep?: number) {
  const clock = createManualClock(1_000);
  const heard: RunFacts[] = [];
  const faults: unknown[] = [];
  const told: string[] = [];
  const database = openJournal(path, (reason) => told.push(reason));
  const parts = {
    ...{ clock, ...(keep === undefined ? {} : { keep }) },
    onChange: (run: RunFacts) => heard.push(run),
    onFault: (fault: unknown) => faults.push(fault),
  };
  return {
    runs: openRunJournal(database, parts),
    heard,
    faults,
    told,
    clock,
    [Symbol.dispose]: () => database.close(),
  };
}

const begin = (lease: string, role: 'asked' | 'executed' = 'asked') =>
  ({ lease, role, package: 'echo@1.0.0', with: 'birch' }) as const;

describe('the journal of runs', () => {
  it('tells a run as it begins and as it ends, with what it took', () => {
    using node = open(nextPath());
    const run = node.runs.begin(begin('a'), allowed);
    expect(node.runs.running()).toBe(1);
    expect(node.runs.list({ limit: 9 })).toMatchObject([{ lease: 'a', status: 'running', tookMs: null }]);
    node.clock.advance(250);
    run.ended({ exit: 'ok', fuel: '7', charge: '1' }, { log: ['hello'] });
    expect(node.runs.running()).toBe(0);
    expect(node.runs.get('a')).toMatchObject({
      run: { status: 'ended', exit: 'ok', fuel: '7', tookMs: 250 },
      details: { log: ['hello'], fuelLimit: '10' },
    });
    expect(node.heard.map(({ status }) => status)).toEqual(['running', 'ended']);
    const lost = node.runs.begin(begin('b'), allowed);
    lost.failed('birch was lost');
    expect(node.runs.get('b')?.run).toMatchObject({ status: 'failed', detail: 'birch was lost' });
  });

  it('keeps both sides of a run that a node asked of itself apart', () => {
    using node = open(nextPath());
    node.runs.begin(begin('a'), allowed).ended({ exit: 'ok' });
    node.runs.begin(begin('a', 'executed'), allowed).ended({ exit: 'trap' });
    expect(node.runs.get('a', 'executed')?.run.exit).toBe('trap');
    expect(node.runs.get('a')?.run.role).toBe('asked');
    expect(node.runs.list({ role: 'executed', limit: 9 })).toHaveLength(1);
  });

  it('says after a crash of what was under way that it was interrupted', () => {
    const path = nextPath();
    {
      using node = open(path);
      node.runs.begin(begin('a'), allowed);
      node.runs.begin(begin('b'), allowed).ended({ exit: 'ok' });
    }
    using node = open(path);
    expect(node.runs.list({ limit: 9 }).map(({ lease, status }) => [lease, status])).toEqual([
      ['b', 'ended'],
      ['a', 'interrupted'],
    ]);
  });

  it('answers pages, and keeps no more of each role than it is told to', () => {
    using node = open(nextPath(), 30);
    for (let at = 0; at < 40; at += 1) {
      node.clock.advance(1);
      node.runs.begin(begin(`run${at}`), allowed).ended({ exit: 'ok' });
    }
    const seen: string[] = [];
    for (let before: string | undefined; ; ) {
      const page = runPage({ journal: node.runs }, (name) => name, { limit: 7, before });
      seen.push(...page.runs.map(({ lease }) => lease));
      if (page.next === null) break;
      before = page.next;
    }
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
    expect(seen[0]).toBe('run39');
  });

  it('does not hold up a run that cannot be written down', () => {
    const node = open(nextPath());
    const run = node.runs.begin(begin('a'), allowed);
    node[Symbol.dispose]();
    expect(() => run.ended({ exit: 'ok' })).not.toThrow();
    expect(node.faults).toHaveLength(1);
  });

  it('begins anew beside a damaged file, which it keeps', () => {
    const path = nextPath();
    writeFileSync(path, 'this is no journal '.repeat(1_000));
    using node = open(path);
    expect(node.told).toHaveLength(1);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    node.runs.begin(begin('a'), allowed);
    expect(node.runs.running()).toBe(1);
  });

  it('refuses a place that is none', () => {
    using node = open(nextPath());
    const ask = () => runPage({ journal: node.runs }, (name) => name, { before: '../../etc' });
    expect(ask).toThrow(/no place/);
  });
});
