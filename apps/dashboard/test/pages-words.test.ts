import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeard, type Line, lineOf, tailOf, textOfFields } from '../src/pages/logs/tail.ts';
import { wordsOfRights } from '../src/pages/memory/rights.ts';
import { bytesOfWord, wordOfHex } from '../src/pages/memory/word.ts';
import { readRule } from '../src/pages/metrics/rule-form.tsx';
import { wordsOfRule } from '../src/pages/metrics/rule-words.ts';

describe('a word of memory', () => {
  it('comes back as the number that was written, its lowest byte first', () => {
    expect(bytesOfWord('1')).toBe('0100000000000000');
    expect(wordOfHex('0100000000000000')).toBe(1n);
    expect(bytesOfWord('-1')).toBe('ffffffffffffffff');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
        expect(wordOfHex(bytesOfWord(String(number)) ?? '')).toBe(number);
      }),
    );
  });

  it.each(['', 'one', '1.5', String(2n ** 64n), String(-(2n ** 63n) - 1n), '0x10'])('is not %j', (text) => {
    expect(bytesOfWord(text)).toBeUndefined();
  });

  it('has rights that are said in words', () => {
    expect(wordsOfRights('rwa')).toBe('read, write, count');
    expect(wordsOfRights('r')).toBe('read');
  });
});

const line = (place: string, event: string, level: Line['level'] = 'info'): Line => ({
  ...{ place, event, level, atMs: 1 },
  fields: { name: 'amber', count: 2 },
});

describe('the tail of the log', () => {
  it('shows a line once that came as an event and in an answer', () => {
    const heard = lineOf('1', {
      atMs: 1,
      level: 'info',
      event: 'node.up',
      fields: { name: 'amber', count: 2 },
    });
    expect(
      tailOf([heard], [line('p1', 'node.up'), line('p2', 'node.down')]).map(({ event }) => event),
    ).toEqual(['node.up', 'node.down']);
  });

  it('keeps lines of the level asked for and worse, and of the events asked for', () => {
    expect(isHeard(line('p', 'run.ended', 'warn'), 'info', 'run.')).toBe(true);
    expect(isHeard(line('p', 'run.ended', 'debug'), 'info', '')).toBe(false);
    expect(isHeard(line('p', 'node.up', 'error'), 'info', 'run.')).toBe(false);
  });

  it('holds no more than a page can, and says what a line carries', () => {
    const many = Array.from({ length: 3_000 }, (_, at) => line(`p${at}`, `event.${at}`));
    expect(tailOf([], many)).toHaveLength(2_000);
    expect(textOfFields({ name: 'amber', sizes: [1, 2] })).toBe('name amber, sizes [1,2]');
  });
});

describe('a rule of alerts', () => {
  const form = {
    ...{ name: 'too-full', severity: 'warning', summary: 'The disk is full', next: '', forS: '60' },
    ...{ metric: 'hypermesh_x', take: 'value', overS: '60', sign: '>', than: '5' },
  };

  it('is read from its form, and said in one line', () => {
    const read = readRule(form, undefined);
    expect(read).toEqual({
      rule: {
        ...{ name: 'too-full', severity: 'warning', summary: 'The disk is full', next: '', forS: 60 },
        when: [{ metric: 'hypermesh_x', take: 'value', is: '>', than: 5 }],
      },
    });
    const condition = {
      metric: 'x',
      take: 'rate',
      overS: 60,
      combine: 'sum',
      absolute: true,
      is: '<',
      than: 'y',
    } as const;
    expect(wordsOfRule({ when: [condition] })).toBe('|rate of x over 60 s| < y');
  });

  it.each([
    ['name', { name: 'Too full' }],
    ['summary', { summary: ' ' }],
    ['metric', { metric: '' }],
    ['than', { than: '' }],
    ['forS', { forS: '-1' }],
    ['overS', { take: 'rate', overS: '5' }],
  ])('with a bad %s is told so', (field, change) => {
    const read = readRule({ ...form, ...change }, undefined);
    expect('errors' in read && Object.keys(read.errors)).toEqual([field]);
  });
});
