import { expect, it } from 'vitest';
import { formatHours, parseHours } from '../src/inventory/hours-text.ts';

const week = [0, 1, 2, 3, 4, 5, 6];

it.each([
  ['always', []],
  ['08:00-20:30', [{ days: week, fromMinute: 480, toMinute: 1_230 }]],
  ['mo-fr 18:00-08:00', [{ days: [1, 2, 3, 4, 5], fromMinute: 1_080, toMinute: 480 }]],
  [
    'fr-mo 22:00-24:00, we 00:00-01:00',
    [
      { days: [5, 6, 0, 1], fromMinute: 1_320, toMinute: 1_440 },
      { days: [3], fromMinute: 0, toMinute: 60 },
    ],
  ],
])('%s is read, and read again from its own words', (text, hours) => {
  expect(parseHours(text)).toEqual(hours);
  expect(parseHours(formatHours(hours))).toEqual(hours);
});

it.each([
  '',
  'never',
  '8-20',
  '08:00',
  '08:00-08:00',
  '25:00-26:00',
  '08:61-09:00',
  '24:00-25:00',
  'xx 08:00-09:00',
  'mo-xx 08:00-09:00',
  'mo-fr',
  'mo  08:00-09:00',
  '08:00-09:00,',
])('%j is refused', (text) => {
  expect(parseHours(text)).toBeUndefined();
});
