import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyFinality } from '@hypermesh/consensus/light';
import { createReplicas } from './replicas.ts';
import { blockOf } from './store.ts';

const folder = await mkdtemp(join(tmpdir(), 'replicated-store-'));
const { genesis, start } = createReplicas(folder);
const [a, b, c, d] = await Promise.all([start(0), start(1), start(2), start(3)]);

const first = await a.set('greeting', 'hello');
await d.reached(first.proof.header.height);
console.log(`written at replica 0, read at replica 3: ${d.get('greeting')}`);

await d.stop();
const second = await b.set('greeting', 'hello from three of four');
console.log(`one replica is gone, and it is still written: ${b.get('greeting')}`);

const again = await start(3);
await again.reached(second.proof.header.height);
console.log(`it came back, and has what it missed: ${again.get('greeting')}`);

const { ok } = verifyFinality(second.proof, genesis, { tx: second.tx });
console.log(`block ${second.proof.header.height} ${blockOf(second.proof.header)}, proof holds: ${ok}`);
await Promise.all([a, b, c, again].map((replica) => replica.stop()));
await rm(folder, { recursive: true, force: true });
