import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { faultIn } from '@hypermesh/proxy-nat';
import { openCounter, useCounter } from './counter.ts';

const [word, port = '', token = '', times = '1000'] = process.argv.slice(2);
if (word === 'add') {
  using counter = await useCounter(Number(port), token);
  await Promise.all(Array.from({ length: Number(times) }, () => counter.add(1n)));
} else {
  await using home = await openCounter();
  console.log(`A counter lies at ${home.address}. Three processes add 1,000 times each, at once.`);
  const adders = [1, 2, 3].map(() =>
    spawn(
      process.execPath,
      [...process.execArgv, import.meta.filename, 'add', String(home.port), home.token],
      {
        stdio: 'inherit',
      },
    ),
  );
  const ends = await Promise.all(adders.map((adder) => once(adder, 'exit')));
  using counter = await useCounter(home.port, home.token);
  console.log(
    `It stands at ${await counter.read()}; ${ends.filter(([code]) => code === 0).length} of 3 ended well.`,
  );
  await home.revoke();
  const fault = await counter.add(1n).then(() => 'nothing', faultIn);
  console.log(`After the revocation another addition gets: ${fault}`);
}
