import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import type { Clock, ContentRoot, Metrics } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import {
  type Claims,
  createExecutors,
  type Executors,
  type HostFacts,
  javascriptExecutor,
  wasmExecutor,
} from '@hypermesh/executors';
import type { NodeConfig } from '../config.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { RunContent } from '../run/ports.ts';
import { inlineOutputBytes, maxOutputBytes } from '../run/protocol.ts';
import { engineCache } from './engine-cache.ts';

/** What this node executes with, probed and opened when it is first needed. */
export interface MachineExecutors extends AsyncDisposable {
  ready(): Promise<Executors>;
}

/**
 * The executors of this machine: WebAssembly and JavaScript, each of at most two programs at once, within what the
 * operator lends. Nothing is started before a run or an offer asks for it.
 */
export function machineExecutors(
  directory: DataDirectory,
  parts: {
    readonly claims: Claims;
    readonly content: RunContent;
    readonly config: NodeConfig;
    readonly secretKey: Uint8Array;
    readonly clock: Clock;
    readonly metrics?: Metrics;
  },
): MachineExecutors {
  const { claims, content, config, secretKey, clock, metrics } = parts;
  let opened: Promise<Executors> | undefined;
  const open = async () =>
    createExecutors(
      [
        // First the one whose probe takes much memory for a moment, while no worker of the other stands idle.
        javascriptExecutor({ workers: 2, cache: engineCache(directory.engines) }),
        wasmExecutor({ workers: 2 }),
      ],
      {
        claims,
        outputs: {
          put: async (bytes, signal) => ({ root: (await content.put(bytes, signal)) satisfies ContentRoot }),
        },
        signer: createSigner(secretKey),
        monotonicMs: () => clock.monotonicMs(),
        ...(metrics === undefined ? {} : { metrics }),
      },
      {
        policy: {
          maxFuel: config.maxRunFuel,
          maxMemoryPages: config.maxRunMemoryPages,
          maxDeadlineMs: config.maxRunMs,
          maxOutputBytes,
          inlineOutputBytes,
        },
        host: await hostFacts(directory.path),
      },
    );
  return {
    ready() {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    async [Symbol.asyncDispose]() {
      const executors = await opened?.catch(() => undefined);
      await executors?.[Symbol.asyncDispose]();
    },
  };
}

async function hostFacts(path: string): Promise<HostFacts> {
  const { bavail, bsize } = await statfs(path);
  return {
    architecture: process.arch,
    millicores: availableParallelism() * 1_000,
    memoryBytes: totalmem(),
    storageBytes: bavail * bsize,
  };
}
