import { expect, test } from 'vitest';
import { type BackendSource, backendSource, chooseBackend, runs } from '../src/suite/backend.ts';

const text = { constantTime: 'unknown', audit: 'none' };
const standard = { standard: 'a document', standardStatus: 'final' };
const source = (
  name: 'native' | 'liboqs' | 'noble',
  isHere: boolean,
  load: () => Promise<string> = async () => name,
): BackendSource<string> => backendSource({ name, ...text }, () => isHere, load);

test('the first backend that is here serves', async () => {
  const choice = chooseBackend(
    'x',
    [source('native', false), source('liboqs', true), source('noble', true)],
    undefined,
  );
  expect(choice.info(standard).backend).toBe('liboqs');
  expect(await choice.load()).toBe('liboqs');
});

test('a backend that is installed and broken gives way to the next, and info says so', async () => {
  const broken = source('liboqs', true, () => Promise.reject(new Error('bad WebAssembly')));
  const choice = chooseBackend('x', [broken, source('noble', true)], undefined);
  expect(choice.info(standard).backend).toBe('liboqs');
  expect(await Promise.all([choice.load(), choice.load()])).toEqual(['noble', 'noble']);
  expect(choice.info(standard)).toEqual({ backend: 'noble', ...standard, ...text });
});

test('a backend that was asked for is not replaced by another', async () => {
  const broken = source('liboqs', true, () => Promise.reject(new Error('bad WebAssembly')));
  const choice = chooseBackend('x', [broken, source('noble', true)], 'liboqs');
  await expect(choice.load()).rejects.toMatchObject({ code: 'trustchain/backend-absent' });
  expect(() => chooseBackend('x', [source('native', false)], 'native')).toThrowError(
    expect.objectContaining({ code: 'trustchain/backend-absent' }),
  );
});

test('availability and module are found out once', async () => {
  let [probes, loads] = [0, 0];
  const counted = backendSource(
    { name: 'native', ...text },
    () => {
      probes += 1;
      return true;
    },
    async () => {
      loads += 1;
      return 'loaded';
    },
  );
  for (let time = 0; time < 3; time += 1) await chooseBackend('x', [counted], undefined).load();
  expect([probes, loads]).toEqual([1, 1]);
});

test('a probe that throws says no', () => {
  expect(runs(() => JSON.parse('{'))).toBe(false);
  expect(runs(() => JSON.parse('{}'))).toBe(true);
});
