import type { StepResult, TourContext } from '../tour.ts';
import { registeredAssets } from './assets.ts';

/** Block 1 (or the present head, on a resumed mesh) is final on every node. */
export async function genesisStep(context: TourContext): Promise<StepResult> {
  const { mesh, progress, signal } = context;
  progress.live('waiting for the first block to be final on all nodes');
  const heads = await Promise.all(
    mesh.map((node) =>
      node.call<{
        height: number;
        hash: string;
        signers: readonly number[];
        validators: readonly string[];
        chain: string;
      }>('final', { height: 1 }, { signal, onProgress: progress.live }),
    ),
  );
  const [head] = heads;
  if (head === undefined) return { ok: false };
  const agreed = heads.every(({ hash, chain }) => hash === head.hash && chain === head.chain);
  const finalizedBy = head.signers.map((index) => head.validators[index] ?? String(index));
  progress.fact(`block 1 ${head.hash.slice(0, 16)}… is final, signed by ${finalizedBy.join(', ')}`);
  if (!agreed) progress.fact('the nodes do NOT agree on it');
  const { ok, assets } = await registeredAssets(context);
  return {
    ok: agreed && ok,
    chain: head.chain,
    height: head.height,
    hash: head.hash,
    validators: head.validators,
    finalizedBy,
    assets,
  };
}
