import { utf8 } from '@hypermesh/core';
import { describe, expect, test } from 'vitest';
import { type CatalogEvent, createCatalog, type ExecutionResult } from '../src/index.ts';
import { createMemoryExecution, createMemoryMesh, type NodeBehaviour } from '../src/testing/index.ts';
import { sourceOf } from './fixtures/sources.ts';

const ends =
  (node: string, exit = 'ok') =>
  async (): Promise<ExecutionResult> => ({
    node,
    exit,
    output: utf8(`from ${node}`),
    receipt: utf8('receipt'),
    details: {},
  });

async function catalogOver(nodes: Readonly<Record<string, NodeBehaviour>>, full: readonly string[] = []) {
  const execution = createMemoryExecution(new Map(Object.entries(nodes)), (node) =>
    full.includes(node) ? [{ code: 'memory', detail: 'no memory is free', remedy: 'ask for less' }] : [],
  );
  const mesh = createMemoryMesh({ execution });
  const catalog = createCatalog((mesh.nodes[0] as NonNullable<(typeof mesh.nodes)[0]>).ports);
  await catalog.publish(sourceOf({ name: 'left' }));
  await catalog.publish(sourceOf({ name: 'job', dependencies: { left: '*' } }));
  return { catalog, execution };
}

describe('delegation', () => {
  test('goes from submission over running to a result with its receipt [catalog-05]', async () => {
    const { catalog, execution } = await catalogOver({ 'node-1': ends('node-1') });
    const events: CatalogEvent[] = [];
    const result = await catalog.run('job', { onEvent: (event) => events.push(event) });
    expect(result).toMatchObject({
      package: 'job@1.0.0',
      node: 'node-1',
      exit: 'ok',
      attempts: [{ node: 'node-1' }],
    });
    expect(result.receipt).toEqual(utf8('receipt'));
    expect(execution.submissions).toEqual(['node-1']);
    expect(events.flatMap((event) => (event.type === 'running' ? [event.state] : []))).toEqual([
      'submitted',
      'running',
      'done',
    ]);
  });

  test('the death of a node, and one that does not answer, move the run to another [catalog-05]', async () => {
    const { catalog, execution } = await catalogOver({
      'node-1': () => 'unreachable',
      'node-2': () => 'lost',
      'node-3': ends('node-3'),
    });
    const result = await catalog.run('job');
    expect(result.attempts).toEqual([
      { node: 'node-1', reason: 'node-1: no answer' },
      { node: 'node-2', reason: 'the node went away' },
      { node: 'node-3' },
    ]);
    expect(execution.submissions).toEqual(['node-1', 'node-2', 'node-3']);
  });

  test('a program that fails is a result and is not tried again elsewhere', async () => {
    const { catalog, execution } = await catalogOver({
      'node-1': ends('node-1', 'out-of-fuel'),
      'node-2': ends('node-2'),
    });
    expect(await catalog.run('job')).toMatchObject({ exit: 'out-of-fuel', node: 'node-1' });
    expect(execution.submissions).toEqual(['node-1']);
  });

  test('where all are lost the failure names each node, and no more are tried than allowed', async () => {
    const { catalog, execution } = await catalogOver({ a: () => 'lost', b: () => 'lost', c: () => 'lost' });
    await expect(catalog.run('job', { attempts: 2 })).rejects.toMatchObject({
      code: 'catalog/run-failed',
      failure: { attempts: [{ node: 'a' }, { node: 'b' }] },
    });
    expect(execution.submissions).toEqual(['a', 'b']);
  });

  test('where no node fits, each says why and what would help', async () => {
    const { catalog } = await catalogOver({ a: ends('a'), b: ends('b') }, ['a', 'b']);
    await expect(catalog.run('job')).rejects.toMatchObject({
      code: 'catalog/no-candidate',
      message:
        'No node can run job@1.0.0: a: no memory is free (ask for less) | b: no memory is free (ask for less)',
    });
    expect(await catalog.explain('job')).toEqual([
      { node: 'a', reasons: [expect.objectContaining({ code: 'memory' })] },
      { node: 'b', reasons: [expect.objectContaining({ code: 'memory' })] },
    ]);
  });

  test('a request carries the mapping of the document and the pinned dependencies', async () => {
    let asked: unknown;
    const { catalog } = await catalogOver({
      'node-1': async (request) => {
        asked = request;
        return { node: 'node-1', exit: 'ok', details: {} };
      },
    });
    await catalog.run('job', { options: { input: 'x' } });
    expect(asked).toMatchObject({
      key: 'job@1.0.0',
      type: 'library.javascript',
      requirements: { cpu: { millicores: 1000 }, memory: { bytes: 16 * 2 ** 20 } },
      dependencies: { left: '1.0.0' },
      options: { input: 'x' },
    });
  });

  test('an aborted run is cancelled at its node', async () => {
    const { catalog, execution } = await catalogOver({ 'node-1': () => new Promise(() => undefined) });
    const abort = new AbortController();
    const running = catalog.run('job', {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === 'running' && event.state === 'running') abort.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(execution.cancelled).toEqual(['run-1']);
  });

  test('a catalog without anybody to run packages says so', async () => {
    const [node] = createMemoryMesh().nodes;
    const catalog = createCatalog((node as NonNullable<typeof node>).ports);
    await expect(catalog.run('job')).rejects.toMatchObject({ code: 'catalog/bad-argument' });
  });
});
