import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@hypermesh/client';
import { farm, ranges } from './farm.ts';

const [directory = join(homedir(), '.hypermesh'), limit = '400000', parts = '8'] = process.argv.slice(2);
const { url } = JSON.parse(readFileSync(join(directory, 'api.json'), 'utf8'));
const token = readFileSync(join(directory, 'api-token'), 'utf8').trim();
const client = createClient({ url, token });

const source = join(import.meta.dirname, '../package');
const { name, version } = await client.call('publish', { source });
const { members } = await client.call('status', {});
const others = members.filter(({ self }) => !self);
console.log(
  `${name}@${version} is published. ${parts} jobs for ${others.map((member) => member.name).join(', ')}.`,
);

const answers = await farm(client, `${name}@${version}`, ranges(Number(limit), Number(parts)), {
  atOnce: others.length,
  onAnswer: ({ from, to, primes, node, charge, confirmed }) =>
    console.log(
      `${from} to ${to}: ${primes} primes, by ${node} for ${charge}${confirmed ? ', confirmed by another' : ''}`,
    ),
});
const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
console.log(`${sum(answers.map(({ primes }) => BigInt(primes)))} primes below ${limit}.`);
console.log(
  `Charged at most ${sum(answers.map(({ charge }) => charge))} for ${sum(answers.map(({ fuel }) => fuel))} fuel.`,
);
