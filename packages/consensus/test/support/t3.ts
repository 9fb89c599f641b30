import { randomScenario, simulate } from '../../src/simulator/index.ts';
const from = Number(process.argv[2] ?? 0), count = Number(process.argv[3] ?? 100);
let views = 0, bad = 0, crashes = 0; const t = performance.now();
for (let seed = from; seed < from + count; seed++) {
  const s = randomScenario(seed, 100);
  const r = simulate(s);
  views += r.views; crashes += r.crashes;
  if (r.violations.length && bad++ < 10) console.log(seed, r.views, r.height, r.virtualMs, JSON.stringify(r.violations.slice(0, 2)), JSON.stringify(s));
}
console.log({ views, bad, crashes, usPerView: ((performance.now() - t) * 1000 / views).toFixed(0) });
