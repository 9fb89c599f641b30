import { interleave, report } from '@hypermesh/bench';
import { createSolver, type PublishedVersion, resolve } from '@hypermesh/catalog';
import { createSeededRandom } from '@hypermesh/core/testing';
import semver from 'semver';

/*
 * A request that needs 600 packages: each with 24 versions and 2 to 6 requirements, ranges as people write them, some of
 * the newest versions being dead ends, so that the search has to go back. Beside it what no installer gets around: the
 * newest version of each range that the solution rests on, by semver's own maxSatisfying.
 */

const COUNT = 600;
const random = createSeededRandom('catalog/solve');
const published = new Map<string, PublishedVersion[]>();
const majors = Array.from({ length: COUNT }, () => 1 + random.below(4));
for (let number = 0; number < COUNT; number += 1) {
  const versions: PublishedVersion[] = [];
  const major = majors[number] as number;
  for (let index = 0; index < 24; index += 1) {
    const isNewest = index >= 22;
    const dependencies = Array.from({ length: 2 + random.below(5) }, (_, place) => {
      // The first requirement makes the graph reach every package; the others go anywhere further down.
      const next = place === 0 ? number + 1 : number + 1 + random.below(60);
      return { next, minor: random.below(4) };
    })
      .filter(({ next }) => next < COUNT)
      .map(({ next, minor }) => ({
        name: `p${next}`,
        range: `^${majors[next]}.${minor}.0`,
        optional: false,
      }));
    const unique = [...new Map(dependencies.map((one) => [one.name, one])).values()];
    if (isNewest && number % 25 === 24)
      unique.push({ name: `p${number - 20}`, range: '^9.0.0', optional: false });
    versions.push({
      version: `${major}.${Math.floor(index / 3)}.${index % 3}`,
      dependencies: unique,
      yanked: false,
    });
  }
  published.set(`p${number}`, versions);
}
const index = { versions: (name: string) => published.get(name) };
const wanted = Object.fromEntries([0, 1, 2, 3, 4].map((number) => [`p${number}`, `^${majors[number]}.0.0`]));

const solver = createSolver(index);
const solution = solver.solve(wanted);
if (!solution.ok) throw new Error(solution.explanation);
const { packages } = solution;
if (Object.keys(packages).length !== COUNT) throw new Error(`${Object.keys(packages).length} packages`);
const asked: { versions: string[]; range: string }[] = [];
for (const [name, version] of Object.entries(packages)) {
  const entry = published.get(name)?.find((one) => one.version === version);
  for (const { name: on, range } of entry?.dependencies ?? []) {
    asked.push({ versions: (published.get(on) ?? []).map((one) => one.version), range });
    if (!semver.satisfies(packages[on] ?? '', range)) throw new Error(`${name} does not get its ${on}`);
  }
}

const sampled = await interleave({
  rounds: 9,
  warmup: 3,
  cases: {
    warm: () => {
      solver.solve(wanted);
    },
    locked: () => {
      solver.solve(wanted, { locked: packages });
    },
    cold: () => {
      createSolver(index).solve(wanted);
    },
    ranges: () => {
      for (const { versions, range } of asked) semver.maxSatisfying(versions, range);
    },
  },
});
const baselineName = `semver.maxSatisfying of the ${asked.length} ranges of the solution`;
for (const name of ['warm', 'locked', 'cold'] as const) {
  report({
    name: `catalog/solve packages=${COUNT} versions=24 index=${name}`,
    value: sampled[name],
    unit: 'ms',
    baseline: sampled.ranges,
    baselineName,
    aim: '<= 50 ms',
  });
}

const clash = Object.fromEntries(
  Array.from({ length: 200 }, (_, level) => [
    `q${level}`,
    Object.fromEntries(
      Array.from({ length: 10 }, (__, minor) => [
        `1.${minor}.0`,
        { dependencies: { [`q${level + 1}`]: level === 199 ? '^2' : '^1' } },
      ]),
    ),
  ]),
);
const refused = await interleave({
  rounds: 7,
  cases: {
    clash: () => {
      if (resolve({ q0: '^1' }, { ...clash, q200: { '1.0.0': {} } }).ok) throw new Error('solved');
    },
  },
});
report({ name: 'catalog/refuse depth=200 versions=10', value: refused.clash, unit: 'ms', aim: '<= 200 ms' });
