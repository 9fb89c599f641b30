import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { RouteId } from '@hypermesh/client';
import { createClient, targetOf } from '@hypermesh/client';
import { type AnyRoute, misfitOf, routes, type Schema, topicNames, topics } from '@hypermesh/client/routes';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const directory = temporaryDirectory();
const data = ['--data', directory.path];
let node: RunningNode;
let url: string;
const read = (path: string) => readFileSync(path, 'utf8').trim();

beforeAll(async () => {
  const made = await hypermesh('init', ...data, '--name', 'amber', '--validators', '1', '--json');
  expect(made.json()).toMatchObject({ ok: true });
  node = await startNode(directory.path);
  await node.call('final', { height: 1 });
  ({ url } = JSON.parse(read(directory.apiAddress)) as { url: string });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const ask = (path: string, token: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

/** What each reading route is asked with; `needs` is why one of a mesh of one cannot answer it. */
const inputs: Partial<Record<RouteId, object>> = {
  final: { height: 1 },
  asset: { asset: 'cpu' },
  versions: { name: 'left' },
  info: { spec: 'left' },
  why: { spec: 'left' },
  verify: { spec: 'left' },
  explain: { spec: 'left' },
  usage: { fromMs: 1, toMs: 2 },
};

describe('the API of a running node', () => {
  const reading = (Object.entries(routes) as [RouteId, AnyRoute][]).filter(
    ([, { method, secret }]) => method === 'GET' && secret !== true,
  );

  it('answers every route that only reads to the read-only token, as its schema says [node-04]', async () => {
    const token = read(directory.apiReadToken);
    const codes: Record<string, string> = {};
    for (const [id, route] of reading) {
      const schema = route.input as unknown as Schema;
      const given = inputs[id] ?? {};
      // Routes of others name here what they need.
      if (misfitOf(schema, given) !== undefined) continue;
      const answer = await ask(targetOf(route, given).path, token);
      const value: unknown = await answer.json();
      if (answer.status === 200)
        expect(misfitOf(route.output as unknown as Schema, value), id).toBeUndefined();
      else codes[id] = (value as { error: { code: string } }).error.code;
      expect([200, 404, 409], `${id}: ${JSON.stringify(value)}`).toContain(answer.status);
    }
    expect(Object.values(codes).filter((code) => code.startsWith('node/no-'))).toEqual([]);
  });

  it('describes exactly the routes that it serves', async () => {
    const token = read(directory.apiToken);
    const { openapi, paths } = (await (await ask('/openapi.json', token)).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    expect(openapi).toBe('3.1.1');
    const described = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    const besides = ['events', 'health', 'openapi', 'prometheus', 'ready'];
    expect(described.sort()).toEqual([...Object.keys(routes), ...besides].sort());
    for (const [path, methods] of Object.entries(paths)) {
      const answer = await ask(path.replace(/\{[^}]+\}/g, 'x'), token, { method: 'PATCH' });
      const allowed = (answer.headers.get('allow') ?? '').toLowerCase().split(', ');
      expect({ path, status: answer.status }).toEqual({ path, status: 405 });
      expect(allowed).toEqual(expect.arrayContaining(Object.keys(methods)));
    }
  });

  it('is ready once the ledger is applied, and tells its events as their schemas say', async () => {
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ok: true });
    const client = createClient({ url, token: read(directory.apiReadToken) });
    const ending = new AbortController();
    const heard: string[] = [];
    const followed = (async () => {
      for await (const event of client.events(topicNames, { signal: ending.signal })) {
        if (event.topic !== 'dropped') {
          const schema = topics[event.topic].data as unknown as Schema;
          expect(misfitOf(schema, event.data), event.topic).toBeUndefined();
        }
        heard.push(event.topic);
      }
    })();
    const { height } = await node.call<{ height: number }>('register-asset', { note: 'heard' });
    await node.call('final', { height });
    ending.abort();
    await followed;
  });

  it('keeps its tokens to its owner, and none of them in its log', async () => {
    for (const path of [directory.apiToken, directory.apiReadToken]) {
      expect(read(path)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(node.log()).not.toContain(read(path));
    }
    expect(read(directory.apiToken)).not.toBe(read(directory.apiReadToken));
    const secret = await ask('/v1/invitations', read(directory.apiReadToken));
    expect(secret.status).toBe(403);
  });

  it('has its dashboard at the link that the command prints, on a name that browsers keep on this machine', async () => {
    const printed = await hypermesh('dashboard', 'wallet', ...data, '--json');
    const { port } = new URL(url);
    expect(printed.json()).toMatchObject({
      link: `http://hypermesh.localhost:${port}/wallet#token=${read(directory.apiToken)}`,
      opened: false,
    });
    const wrong = await hypermesh('dashboard', '<script>', ...data, '--json');
    expect(wrong.json()).toMatchObject({ ok: false, error: { code: 'node/bad-flag' } });
    const off = await hypermesh('dashboard', '--data', `${directory.path}-none`, '--json');
    expect(off.json()).toMatchObject({ ok: false, error: { code: 'node/not-running' } });
  });

  it('comes back at the same address, and elsewhere only where that was said', async () => {
    await node.end('SIGTERM');
    node = await startNode(directory.path);
    expect((JSON.parse(read(directory.apiAddress)) as { url: string }).url).toBe(url);
    await node.end('SIGTERM');
    const refused = await hypermesh('up', ...data, '--api', 'http://0.0.0.0:0', '--json');
    expect(refused.json()).toMatchObject({
      ok: false,
      error: { code: 'node/bad-flag', next: expect.stringContaining('allow_remote = true') },
    });
    node = await startNode(directory.path, '--api', 'off');
    expect(existsSync(directory.apiAddress)).toBe(false);
    expect(await node.call('status')).toMatchObject({ name: 'amber', access: 'full' });
    const off = await hypermesh('dashboard', ...data, '--json');
    expect(off.json()).toMatchObject({
      error: { code: 'node/not-found', next: expect.stringContaining('enabled = true') },
    });
    rmSync(directory.apiAddress, { force: true });
  });
});
