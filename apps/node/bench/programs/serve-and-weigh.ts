import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, get as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@hypermesh/core/node';

/*
 * Serves 2,000 calls, from itself, and prints its resident memory in MB after a collection: `api` with the API, `bare` with node:http alone. The core
 * package and the stripping of types, which every node has, are loaded in both.
 */
const calls = 2_000;
systemClock.nowMs();
const folder = mkdtempSync(join(tmpdir(), 'hypermesh-weigh-'));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const get = (url: string, headers: Record<string, string>) =>
  new Promise<void>((resolve, reject) => {
    send(url, { agent, headers }, (response) => response.resume().on('end', () => resolve())).on(
      'error',
      reject,
    );
  });

async function weigh(url: string, headers: Record<string, string>): Promise<void> {
  for (let n = 0; n < calls; n++) await get(url, headers);
  globalThis.gc?.();
  console.log(process.memoryUsage.rss() / 1e6);
}

if (process.argv[2] === 'api') {
  const { createStatusApi } = await import('./status-api.ts');
  await using api = await createStatusApi(folder);
  await weigh(`${api.url}/v1/status`, { authorization: `Bearer ${api.token}` });
} else {
  const body = JSON.stringify({ text: 'x'.repeat(1_600) });
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
  await weigh(`http://[::1]:${(server.address() as AddressInfo).port}/`, {});
  server.close();
  server.closeAllConnections();
}
agent.destroy();
rmSync(folder, { recursive: true, force: true });
