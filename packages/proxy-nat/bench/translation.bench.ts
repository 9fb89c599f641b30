import { interleave, report } from '@hypermesh/bench';
import { createTranslation, parsePrefix, rights, wordsOf } from '@hypermesh/proxy-nat';

/** Translation of random addresses with bounds, rights and expiry, against a Map from the page of an address by bigint. */
const REGIONS = 100_000;
const LOOKUPS = 1_000_000;
const network = parsePrefix('fd48:4d00:1:1::/64');
if (!network.ok) throw new TypeError('a prefix');
const translation = createTranslation({ network, arenaBytes: 2 ** 30, capacity: REGIONS });
const words: ReturnType<typeof wordsOf>[] = [];
const addresses: bigint[] = [];
const mask = ~0xfffn;
const map = new Map<bigint, number>();
for (let owner = 0; owner < REGIONS; owner += 1) {
  const taken = translation.allocate({ owner, sizeBytes: 4096 });
  if (!taken.ok) throw new Error('room');
  words.push(wordsOf(taken.mapping.address + 8n));
  addresses.push(taken.mapping.address + 8n);
  map.set(taken.mapping.address, taken.mapping.slot);
}
const order = Array.from({ length: LOOKUPS }, (_, n) => (n * 48_271) % REGIONS);
let sum = 0;
const each = (startMs: number): number => ((performance.now() - startMs) * 1e6) / LOOKUPS;
const results = await interleave({
  rounds: 7,
  cases: {
    translate: () => {
      const start = performance.now();
      for (const at of order)
        sum += translation.translate(words[at] as (typeof words)[number], 8, rights.read, 1);
      return each(start);
    },
    map: () => {
      const start = performance.now();
      for (const at of order) sum += map.get((addresses[at] as bigint) & mask) ?? 0;
      return each(start);
    },
  },
});
if (sum < 0) throw new Error('an address was not found');
report({
  name: `proxy-nat/translate regions=${REGIONS} order=random`,
  value: results.translate,
  unit: 'ns',
  baseline: results.map,
  baselineName: 'Map from page by bigint, no checks',
  aim: '<= 1',
});
