import type { TourContext } from '../tour.ts';

interface Device {
  readonly id: string;
  readonly kind: string;
  readonly state?: string;
  readonly capacity?: number;
  readonly operation?: string;
  readonly height?: number;
  readonly policy?: { readonly level: string; readonly shareBp: number };
}

/** Each node measured its machine and registered what it lends, with four proofs each: what stands on the ledger. */
export async function registeredAssets({ mesh, progress, signal }: TourContext) {
  progress.live('each node registers its processor, memory and storage');
  const lists = await Promise.all(
    mesh.map((node) =>
      node.call<{ own: readonly Device[] }>(
        'assets',
        { registered: true },
        { signal, onProgress: progress.live },
      ),
    ),
  );
  const assets = lists.flatMap(({ own }, index) =>
    own.map(({ id, kind, capacity, state, operation, height, policy }) => ({
      node: mesh[index]?.name,
      id,
      kind,
      capacity,
      state,
      operation,
      height,
      shareBp: policy?.shareBp,
      level: policy?.level,
    })),
  );
  const [first] = lists;
  const lent = first?.own
    .map(({ kind, policy }) => `${(policy?.shareBp ?? 0) / 100} % of ${kind}`)
    .join(', ');
  progress.fact(`${assets.length} assets registered with four proofs each; every node lends members ${lent}`);
  const ok = assets.length > 0 && assets.every(({ operation }) => operation !== undefined);
  return { ok, assets };
}
