import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '@hypermesh/client';
import type { SeededRandom } from '@hypermesh/core/testing';
import { type FourProcesses, type Name, names } from '../four-processes.ts';
import { echo } from '../guests.ts';

/** What a client keeps of what it was told is done; the mesh is asked for it afterwards. */
export type Acknowledged =
  | { readonly kind: 'operation'; readonly by: Name; readonly id: string; readonly height: number }
  | { readonly kind: 'published'; readonly by: Name; readonly name: string }
  | { readonly kind: 'installed'; readonly on: Name; readonly name: string }
  | {
      readonly kind: 'ran';
      readonly on: string;
      readonly by: Name;
      readonly lease: string;
      readonly charge: string;
    }
  | { readonly kind: 'added'; readonly by: Name; readonly delta: bigint };

/** Clients of a mesh that go on whatever happens to its nodes, and the journal of what they were told. */
export interface Load {
  readonly journal: readonly Acknowledged[];
  /** Attempts that ended otherwise, by the kind of work and the code. */
  readonly failures: ReadonlyMap<string, number>;
  /** Ends each client after what it is at; resolves when all have ended. */
  stop(): Promise<void>;
}

const callMs = 60_000;

/** Mostly what takes several operations, content and other members: that is where something could get lost. */
const kinds = ['register', 'transfer', 'publish', 'install', 'install', 'run', 'run', 'memory'] as const;
type Kind = (typeof kinds)[number];

const otherThan = (by: Name, own: SeededRandom): Name =>
  names[(names.indexOf(by) + 1 + own.below(names.length - 1)) % names.length] ?? 'amber';

/** Starts clients that publish, install, run, transfer, register and use lent memory, each as its seed says. */
export function startLoad(
  mesh: FourProcesses,
  random: SeededRandom,
  options: { readonly clients: number; readonly pauseMs: number; readonly isAway?: (name: Name) => boolean },
): Load {
  const journal: Acknowledged[] = [];
  const failures = new Map<string, number>();
  const published: { readonly name: string; readonly by: Name }[] = [];
  const stopping = new AbortController();
  let serial = 0;

  const call = async <T extends object>(name: Name, method: string, params: object): Promise<T> => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error('nobody answered in time')), callMs);
    try {
      return await Promise.race([mesh.nodes[name].call<T>(method, params), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };

  const work: Record<Kind, (own: SeededRandom, by: Name) => Promise<void>> = {
    async register(_, by) {
      const { id, height } = await call<{ id: string; height: number }>(by, 'register-asset', {
        note: `note ${serial++}`,
      });
      journal.push({ kind: 'operation', by, id, height });
    },
    async transfer(own, by) {
      const to = otherThan(by, own);
      const { id, height } = await call<{ id: string; height: number }>(by, 'transfer', { to, amount: '1' });
      journal.push({ kind: 'operation', by, id, height });
    },
    async publish(_, by) {
      const name = `pack${serial++}`;
      const source = join(mesh.folder, 'sources', name);
      writePackage(source, name);
      await call(by, 'publish', { source });
      published.push({ name, by });
      journal.push({ kind: 'published', by, name });
    },
    async install(own, by) {
      const some = published[own.below(Math.max(1, published.length))];
      if (some === undefined) return;
      await call(by, 'install', { spec: some.name });
      journal.push({ kind: 'installed', on: by, name: some.name });
    },
    async run(own, by) {
      const some = published[own.below(Math.max(1, published.length))];
      if (some === undefined) return;
      const outcome = await call<Result<'run'>>(by, 'run', { spec: some.name });
      if (outcome.exit !== 'ok') throw new Error(`exit ${outcome.exit}`);
      const { node: on, lease, charge } = outcome;
      journal.push({ kind: 'ran', by, on, lease, charge });
    },
    async memory(own, by) {
      const to = otherThan(by, own);
      const lent = await call<Result<'memory-lend'>>(by, 'memory-lend', { bytes: 4096 });
      const { address } = lent;
      journal.push({ kind: 'operation', by, id: lent.operation, height: lent.height });
      const granted = await call<Result<'memory-grant'>>(by, 'memory-grant', { address, to });
      journal.push({ kind: 'operation', by, id: granted.operation, height: granted.height });
      let sum = 0n;
      for (let turn = 0; turn < 3; turn++) {
        const { before } = await call<{ before: string }>(to, 'memory-add', { address, delta: '7' });
        // Whoever holds the region does not forget what it said it added, as long as the region is there.
        if (BigInt(before) !== sum)
          throw new Error(`LOST: ${address} held ${before}, ${sum} was acknowledged`);
        sum += 7n;
        journal.push({ kind: 'added', by: to, delta: 7n });
      }
    },
  };
  /** Each client goes through all kinds in turn from where its seed says, so that none is left to chance. */
  async function client(own: SeededRandom): Promise<void> {
    for (let turn = own.below(kinds.length); !stopping.signal.aborted; turn++) {
      const kind = kinds[turn % kinds.length] ?? 'register';
      const by = names[own.below(names.length)] ?? 'amber';
      if (options.isAway?.(by) !== true) {
        try {
          await work[kind](own, by);
        } catch (error) {
          const code = codeOf(error);
          failures.set(`${kind}: ${code}`, (failures.get(`${kind}: ${code}`) ?? 0) + 1);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, own.below(2 * options.pauseMs)));
    }
  }
  const clients = Array.from({ length: options.clients }, (_, index) =>
    client(random.fork(`client ${index}`)),
  );
  return {
    journal,
    failures,
    async stop() {
      stopping.abort();
      await Promise.all(clients);
    },
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message.startsWith('LOST')) return error.message;
  return 'failure' in error ? (error.failure as { code: string }).code : error.message.slice(0, 80);
}

function writePackage(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'program.wasm'), echo);
  writeFileSync(join(folder, 'input.txt'), `what ${name} says`);
  writeFileSync(
    join(folder, 'catalog.yaml'),
    `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: ${name}, version: 1.0.0 }
spec:
  description: says what it is told
  type: vm.wasm
  content: { files: [program.wasm, input.txt], entrypoint: program.wasm, args: [run, input.txt] }
`,
  );
}
