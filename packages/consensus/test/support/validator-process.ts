import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createMessageDecoder } from '../../src/engine/wire.ts';
import { createValidator, type Transport } from '../../src/index.ts';
import { openFileStorage } from '../../src/storage/index.ts';
import { createCounterApp } from './counter-app.ts';
import { genesisOf, keysOf } from './mesh.ts';
import { openTcpTransport } from './tcp-transport.ts';

/** Run as a child process: one validator on files and TCP, told what to do by its parent. */
const [index = 0, count = 4] = [Number(process.argv[2]), Number(process.argv[3])];
const dir = process.argv[4] as string;
const options = JSON.parse(process.argv[5] ?? '{}') as object;

const tcp = await openTcpTransport(index);
const decode = createMessageDecoder({
  validators: count,
  quorum: count - Math.floor((count - 1) / 3),
  maxBatchBytes: 1 << 23,
  maxBlockBytes: 1 << 23,
  maxBlockTxs: 10_000,
  maxTxBytes: 1 << 20,
});

/** Writes down every vote that arrives: what others said survives this process. */
const recording: Transport = {
  ...tcp,
  send: tcp.send,
  listen: (receiver) =>
    tcp.listen({
      connected: receiver.connected,
      message(from, bytes) {
        if (bytes[0] === 1) {
          const verdict = decode(bytes);
          if (verdict.ok && verdict.message.type === 'vote') {
            const { kind, view, block, signer } = verdict.message.vote;
            appendFileSync(join(dir, 'votes.txt'), `${signer} ${view} ${kind} ${block}\n`);
          }
        }
        receiver.message(from, bytes);
      },
    }),
};

const app = createCounterApp();
const storage = await openFileStorage(join(dir, 'ledger'));
const { secretKey } = keysOf(count)[index] as { secretKey: Uint8Array };
const node = createValidator(
  { genesis: genesisOf(count), secretKey, ...options },
  { app, transport: recording, storage, clock: systemClock },
);

type Order =
  | { readonly type: 'ports'; readonly ports: number[] }
  | { readonly type: 'submit'; readonly text: string }
  | { readonly type: 'state' };

process.on('message', (order: Order) => {
  if (order.type === 'ports') {
    tcp.dial(order.ports);
  } else if (order.type === 'submit') {
    node.submit(utf8(order.text)).then(
      ({ proof }) => process.send?.({ type: 'final', text: order.text, height: proof.header.height }),
      (error) => process.send?.({ type: 'refused', text: order.text, reason: String(error) }),
    );
  } else {
    process.send?.({ type: 'state', applied: app.applied, status: node.status() });
  }
});
process.on('disconnect', () => process.exit(0));
await node.start();
process.send?.({ type: 'ready', port: tcp.port });
