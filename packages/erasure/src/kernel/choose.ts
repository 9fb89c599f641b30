import { ErasureError } from '../errors.ts';
import type { Backend, BackendName } from './backend.ts';
import { scalarBackend } from './scalar.ts';
import { simdBackend } from './simd.ts';

const names = ['relaxed-simd', 'simd', 'scalar'] as const;
const made = new Map<BackendName, Backend | undefined>([['scalar', scalarBackend]]);

/** The back end of this name, made once a thread; undefined where the engine cannot run it. */
function backendOf(name: BackendName): Backend | undefined {
  if (!made.has(name) && name !== 'scalar') made.set(name, simdBackend(name));
  return made.get(name);
}

/** The back ends that this engine runs, fastest first. */
export function availableBackends(): readonly BackendName[] {
  return names.filter((name) => backendOf(name) !== undefined);
}

/** The named back end, or the fastest. Throws `erasure/no-backend` for one that this engine cannot run. */
export function chooseBackend(name?: BackendName): Backend {
  if (name === undefined) return backendOf('relaxed-simd') ?? backendOf('simd') ?? scalarBackend;
  const backend = names.includes(name) ? backendOf(name) : undefined;
  if (backend !== undefined) return backend;
  throw new ErasureError(
    { code: 'erasure/no-backend', backend: name },
    `this engine has no ${name} back end`,
  );
}
