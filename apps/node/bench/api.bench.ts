import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interleave, report } from '@hypermesh/bench';
import { createStatusApi, exampleStatus } from './programs/status-api.ts';

/** `status` over the API, checked and with its token, against node:http that answers the same bytes and looks at nothing. */
const CALLS = 1_000;
const folder = mkdtempSync(join(tmpdir(), 'hypermesh-bench-'));

try {
  await using api = await createStatusApi(folder);
  const body = JSON.stringify(exampleStatus);
  const bare = createServer((_, response) => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => bare.listen(0, '::1', resolve));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { authorization: `Bearer ${api.token}` };
  const get = (url: string, socketPath?: string) =>
    new Promise<void>((resolve, reject) => {
      const sent = request(
        url,
        { agent, headers, ...(socketPath === undefined ? {} : { socketPath }) },
        (response) => {
          if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          response.resume().on('end', () => resolve());
        },
      );
      sent.on('error', reject).end();
    });
  const bareUrl = `http://[::1]:${(bare.address() as AddressInfo).port}/v1/status`;
  const p50 = async (call: () => Promise<void>) => {
    const times: number[] = [];
    for (let n = 0; n < CALLS; n++) {
      const start = performance.now();
      await call();
      times.push((performance.now() - start) * 1e3);
    }
    return times.sort((a, b) => a - b)[CALLS / 2] ?? 0;
  };
  const results = await interleave({
    rounds: 5,
    cases: {
      network: () => p50(() => get(`${api.url}/v1/status`)),
      socket: () => p50(() => get('http://localhost/v1/status', api.socket)),
      bare: () => p50(() => get(bareUrl)),
    },
  });
  const against = { baseline: results.bare, baselineName: 'node:http, bare' };
  report({
    name: 'node/api call=status door=network',
    value: results.network,
    unit: 'us p50',
    ...against,
    aim: '<= 2',
  });
  report({
    name: 'node/api call=status door=socket',
    value: results.socket,
    unit: 'us p50',
    ...against,
    aim: '<= 2',
  });
  agent.destroy();
  bare.close();
  bare.closeAllConnections();

  // Resident memory of a process that serves so many calls; what is loaded for it counts.
  const program = fileURLToPath(new URL('./programs/serve-and-weigh.ts', import.meta.url));
  const weigh = (kind: 'api' | 'bare') => {
    const args = ['--expose-gc', '--conditions=@hypermesh/source', program, kind];
    const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return Number(ran.stdout.trim());
  };
  const weights = await interleave({
    rounds: 5,
    cases: { api: async () => weigh('api'), bare: async () => weigh('bare') },
  });
  report({
    name: 'node/api resident bytes',
    value: weights.api,
    unit: 'MB',
    baseline: weights.bare,
    baselineName: 'node:http, bare',
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
