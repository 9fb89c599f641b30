import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { silentLog } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import { openTokens } from '../src/api/tokens.ts';
import { connectControl } from '../src/control/client.ts';
import { makeFolder } from '../src/data-directory.ts';
import { type Served, serveTest } from './api-served.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const clientOf = ({ directory }: Served) => connectControl(directory.controlSocket, directory.path);

describe('the tokens', () => {
  it('are made once, for their owner alone; one that others could read, or that is cut short, is replaced', () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    const read = () => readFileSync(directory.apiToken, 'utf8').trim();
    const accessOf = (token: string) => openTokens(directory, silentLog).accessOf(`Bearer ${token}`);
    openTokens(directory, silentLog);
    const first = read();
    expect(Buffer.from(first, 'base64url')).toHaveLength(32);
    for (const path of [directory.apiToken, directory.apiReadToken])
      expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(accessOf(first)).toBe('full');
    expect(accessOf(readFileSync(directory.apiReadToken, 'utf8').trim())).toBe('read');
    expect(read()).toBe(first);
    chmodSync(directory.apiToken, 0o644);
    expect(accessOf(first)).toBeUndefined();
    const second = read();
    expect(statSync(directory.apiToken).mode & 0o777).toBe(0o600);
    writeFileSync(directory.apiToken, second.slice(0, 20));
    expect(accessOf(second.slice(0, 20))).toBeUndefined();
    expect(read()).not.toBe(second);
  });
});

describe('the control socket', () => {
  it('is for its owner alone, and wants the token like the other door', async () => {
    await using node = await serveTest();
    expect(statSync(node.directory.controlSocket).mode & 0o777).toBe(0o600);
    using client = await clientOf(node);
    expect(await client.call('status', {}).catch((error: { code: string }) => error.code)).toBe(
      'node/no-route',
    );
    rmSync(node.directory.apiToken);
    expect(await failureOf(() => clientOf(node))).toMatchObject({ code: 'node/not-running' });
    writeFileSync(node.directory.apiToken, 'another');
    using stranger = await clientOf(node);
    expect(await failureOf(() => stranger.call('status', {}))).toMatchObject({ code: 'node/unauthorized' });
  });

  it('is gone with the node, and open calls end', async () => {
    const node = await serveTest();
    using client = await clientOf(node);
    const told: unknown[] = [];
    const waiting = failureOf(() => client.call('scrub', {}, { onProgress: (event) => told.push(event) }));
    while (told.length === 0) await client.call('status', {}).catch(() => undefined);
    await node[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ code: 'node/not-running' });
    expect(existsSync(node.directory.controlSocket)).toBe(false);
    expect(await failureOf(() => client.call('status', {}))).toMatchObject({ code: 'node/not-running' });
  });

  it('cancels a call by its signal, and only that one', async () => {
    await using node = await serveTest();
    using client = await clientOf(node);
    const abort = new AbortController();
    const told: unknown[] = [];
    const asked = { signal: abort.signal, onProgress: (event: object) => told.push(event) };
    const waiting = client.call('scrub', {}, asked).then(
      () => 'answered',
      (error: Error) => error.message,
    );
    while (told.length === 0) await client.call('status', {}).catch(() => undefined);
    expect(told).toEqual([{ text: 'waiting' }]);
    abort.abort(new Error('enough'));
    expect(await waiting).toBe('enough');
    while (node.aborted.length === 0) await client.call('status', {}).catch(() => undefined);
    expect(node.aborted).toEqual(['the caller went away']);
  });

  it('takes the place of a socket that a killed node left', async () => {
    await using node = await serveTest({ leftover: true });
    using client = await clientOf(node);
    expect(await failureOf(() => client.call('status', {}))).toMatchObject({ code: 'node/no-route' });
  });
});

describe('a caller', () => {
  it('hears that no node runs where there is no socket, or nobody behind it', async () => {
    using directory = temporaryDirectory();
    const attempt = () => connectControl(directory.controlSocket, directory.path);
    const notRunning = { code: 'node/not-running', next: `start it: hypermesh up --data ${directory.path}` };
    expect(await failureOf(attempt)).toMatchObject(notRunning);
    makeFolder(directory.path);
    openTokens(directory, silentLog);
    writeFileSync(directory.controlSocket, '');
    expect(await failureOf(attempt)).toMatchObject(notRunning);
  });

  it('is not brought down by a node that answers garbage', async () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    openTokens(directory, silentLog);
    for (const garbage of [
      'garbage\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nno JSON!!',
      'HTTP/1.1 500 No\r\n\r\n',
    ]) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => socket.end(garbage));
      });
      server.listen(directory.controlSocket);
      await once(server, 'listening');
      const code = await failureOf(() => connectControl(directory.controlSocket, directory.path));
      expect(code).toMatchObject({ code: 'node/not-running' });
      const closed = once(server, 'close');
      server.close();
      await closed;
    }
  });
});
