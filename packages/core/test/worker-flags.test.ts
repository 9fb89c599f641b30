import { workerFlags } from '@hypermesh/core';
import { expect, test } from 'vitest';

test.each([
  [[], []],
  [
    ['--conditions=a', '-C=b'],
    ['--conditions=a', '-C=b'],
  ],
  [
    ['-C', 'a', '--conditions', 'b'],
    ['--conditions=a', '--conditions=b'],
  ],
  [['--input-type=module', '--max-old-space-size=512', '-e', 'x', '--conditions=a'], ['--conditions=a']],
])('a worker takes over of %j: %j', (flags, expected) => {
  expect(workerFlags(flags)).toEqual(expected);
});
