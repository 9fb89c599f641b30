import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import {
  createBoundedClaims,
  createExecutors,
  type Executors,
  type ExecutorsPorts,
  javascriptExecutor,
  type Program,
  type RunReport,
  type RunRequest,
  type Work,
  wasmExecutor,
} from '../../src/index.ts';
import { ECHO } from './guests.ts';

export const HOST = { architecture: 'x64', millicores: 4_000, memoryBytes: 2 ** 33, storageBytes: 2 ** 34 };
export const POLICY = {
  maxFuel: 2n ** 40n,
  maxMemoryPages: 1_024,
  maxDeadlineMs: 60_000,
  maxOutputBytes: 2 ** 20,
  inlineOutputBytes: 4_096,
};

/** A machine with both executors, and what its ports were asked. */
export interface Machine extends AsyncDisposable {
  readonly executors: Executors;
  readonly publicKey: Uint8Array;
  readonly asked: string[];
  readonly stored: Map<string, Uint8Array>;
  run(
    request: Partial<RunRequest & Omit<Work, 'program'>> & {
      readonly program: Program | (() => Promise<Program>);
    },
  ): Promise<RunReport>;
}

/** Opens a machine whose ports can be replaced. */
export async function openMachine(more: Partial<ExecutorsPorts> = {}): Promise<Machine> {
  const { secretKey } = generateKey();
  const signer = createSigner(secretKey);
  const asked: string[] = [];
  const stored = new Map<string, Uint8Array>();
  const claims = createBoundedClaims({ runs: 4, memoryBytes: 2 ** 30 });
  const ports: ExecutorsPorts = {
    claims: {
      reserve: (ask) => {
        asked.push('reserve');
        return claims.reserve(ask);
      },
      commit: (claim) => {
        asked.push('commit');
        return claims.commit(claim);
      },
      release: (claim) => {
        asked.push('release');
        return claims.release(claim);
      },
      explain: (ask) => claims.explain(ask),
    },
    outputs: {
      put: async (bytes) => {
        const root = `root-${stored.size}`;
        stored.set(root, bytes);
        return { root };
      },
    },
    signer,
    monotonicMs: () => performance.now(),
    ...more,
  };
  const executors = await createExecutors([wasmExecutor(), javascriptExecutor()], ports, {
    policy: POLICY,
    host: HOST,
  });
  return {
    executors,
    publicKey: signer.publicKey,
    asked,
    stored,
    run: ({
      program,
      operation = program === ECHO ? 'run' : 'default',
      input = new Uint8Array(),
      ...request
    }) =>
      executors.run({
        work:
          typeof program === 'function'
            ? async () => ({ program: await program(), operation, input })
            : { program, operation, input },
        fuel: 1_000_000_000n,
        memoryPages: 256,
        deadlineMs: 60_000,
        requester: 'asker',
        context: 'lease-1',
        ...request,
      }),
    [Symbol.asyncDispose]: () => executors[Symbol.asyncDispose](),
  };
}
