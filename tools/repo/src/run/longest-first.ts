import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { ROOT } from '../root.ts';

/**
 * The test files that take ten seconds or more on two quiet cores, the longest first. One that began last would run on
 * alone, with a core idle beside it.
 */
export const LONGEST: readonly string[] = [
  'apps/tour/test/whole-life.interop.ts',
  'apps/node/test/dashboard-pages.test.ts',
  'apps/node/test/operating.test.ts',
  'apps/tour/test/tour.test.ts',
  'apps/node/test/lost-dependencies.test.ts',
  'apps/node/test/four-nodes.test.ts',
  'apps/node/test/catalog-nodes.test.ts',
  'apps/node/test/lending.test.ts',
  'apps/node/test/assets-node.test.ts',
  'apps/node/test/kill.sim.ts',
  'apps/node/test/backup-stale.test.ts',
  'apps/node/test/monitor-mesh.test.ts',
  'packages/consensus/test/class-group.conformance.ts',
  'packages/caesar/test/conservation.test.ts',
  'apps/node/test/facts-nodes.test.ts',
  'apps/node/test/nat.interop.ts',
  'apps/node/test/extension-operator.sim.ts',
  'tools/repo/test/tarballs.test.ts',
  'apps/node/test/extension-node.test.ts',
  'apps/node/test/backup.test.ts',
  'apps/node/test/one-node.test.ts',
  'apps/node/test/wallet.test.ts',
  'packages/metered-wasm/test/quickjs-hostile.test.ts',
  'packages/consensus/test/kill.test.ts',
  'apps/node/test/runs.test.ts',
  'apps/node/test/api-node.test.ts',
  'packages/stoq/test/discovery.sim.ts',
  'packages/consensus/test/ledger.test.ts',
  'packages/consensus/test/simulation.test.ts',
  'packages/extension-sdk/test/lifecycle.sim.ts',
  'packages/stoq/test/thousand.sim.ts',
];

/** Runs {@link LONGEST} before everything else, of whatever project; the rest in vitest's own order. */
export class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const places = new Map(LONGEST.map((file, place) => [file, place]));
    const placeOf = ({ moduleId }: TestSpecification) =>
      places.get(relative(ROOT, moduleId)) ?? LONGEST.length;
    return (await super.sort(specifications)).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}
