import assert from 'node:assert/strict';
import type { DeviceAdapter } from '../ports.ts';
import type { ComplianceCase } from './compliance.ts';

/** The promises of the `DeviceAdapter` port. `absent` is one whose device is not there, where that can be brought about. */
export function deviceAdapterCompliance(
  create: () => Promise<{ readonly present: DeviceAdapter; readonly absent?: DeviceAdapter }>,
): readonly ComplianceCase[] {
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  return [
    {
      name: 'it says what it found and from where',
      async run() {
        const { present } = await create();
        const probed = await present.probe();
        assert.equal(probed.isPresent, true);
        assert.notEqual(probed.detail, '');
        assert.ok(probed.source === 'kernel' || probed.source === 'node');
      },
    },
    {
      name: 'two probes of one device name the same one',
      async run() {
        const { present } = await create();
        const [first, second] = [await present.probe(), await present.probe()];
        assert.deepEqual(Object.keys(first).sort(), Object.keys(second).sort());
      },
    },
    {
      name: 'its capacity is a whole number above 0',
      async run() {
        const { present } = await create();
        const capacity = await present.capacity();
        assert.ok(isWhole(capacity) && capacity > 0);
      },
    },
    {
      name: 'its usage is a share of 0 to 10,000 basis points and whole units',
      async run() {
        const { present } = await create();
        for (const { usedBp, used } of [await present.usage(), await present.usage()])
          assert.ok(isWhole(usedBp) && usedBp <= 10_000 && isWhole(used));
      },
    },
    {
      name: 'a benchmark measures more than once and is above 0',
      async run() {
        const { present } = await create();
        const numbers = Object.values(await present.benchmark(20)) as {
          readonly value: number;
          readonly runs: number;
        }[];
        assert.ok(numbers.length > 0);
        for (const { value, runs } of numbers) assert.ok(isWhole(value) && value > 0 && runs >= 2);
      },
    },
    {
      name: 'an aborted benchmark rejects with the reason',
      async run() {
        const { present } = await create();
        const reason = new Error('enough');
        await assert.rejects(present.benchmark(60_000, AbortSignal.abort(reason)), reason);
      },
    },
    {
      name: 'what is absent says so, has no capacity, is not healthy and is not measured',
      async run() {
        const { absent } = await create();
        if (absent === undefined) return;
        const probed = await absent.probe();
        assert.equal(probed.isPresent, false);
        assert.notEqual(probed.detail, '');
        assert.equal(await absent.capacity(), 0);
        assert.equal((await absent.health()).isHealthy, false);
        await assert.rejects(absent.benchmark(20), { code: 'assets/no-device' });
      },
    },
  ];
}
