import { describe, expect, it } from 'vitest';
import { parseOptions } from '../src/options.ts';

const shown = parseOptions(['--help']);
const help = 'message' in shown ? shown.message : '';
const plain = { once: false, json: false, keep: false, data: undefined, pauseAfter: [] };

describe('the options of start', () => {
  it.each([
    [[], plain],
    [['--'], plain],
    [['--once', '--json'], { ...plain, once: true, json: true }],
    [['--', '--once', '--keep'], { ...plain, once: true, keep: true }],
    [['--data', '/tmp/a'], { ...plain, data: '/tmp/a' }],
    [['--data=/tmp/a'], { ...plain, data: '/tmp/a' }],
    [['--pause-after', 'install', '--pause-after=run'], { ...plain, pauseAfter: ['install', 'run'] }],
  ])('%j are understood', (argv, options) => {
    expect(parseOptions(argv)).toEqual(options);
  });

  it.each([['--help'], ['-h'], ['--once', '-h']])('%s shows the help and does nothing', (...argv) => {
    expect(parseOptions(argv)).toEqual({ message: help, exitCode: 0 });
    for (const flag of ['--once', '--keep', '--json', '--data', '--pause-after'])
      expect(help).toContain(flag);
  });

  it.each([
    [['--onec'], '--onec'],
    [['--once=yes'], '--once'],
    [['--data'], '--data'],
    [['--data', '--json'], '--data'],
    [['-x'], '-x'],
    [['--pause-after', 'lunch'], 'lunch'],
    [['--pause-after'], '--pause-after'],
    [['now'], 'now'],
    [['--once', '--', 'now'], 'now'],
  ])('%j cannot be used, which is said before anything starts', (argv, word) => {
    const parsed = parseOptions(argv);
    expect(parsed).toMatchObject({ exitCode: 2 });
    expect('message' in parsed ? parsed.message : '').toContain(word);
    expect('message' in parsed ? parsed.message : '').toContain(help);
  });
});
