import { type BlockHeader, type HeaderView, headerHash, type ValidatorNode } from '@hypermesh/consensus';

/** A finalized header in the form that proofs are anchored in. */
export async function finalizedHeader(
  validator: ValidatorNode,
  height: number,
): Promise<HeaderView | undefined> {
  const header = await validator.header(height);
  return header === undefined ? undefined : headerView(header);
}

/** What an application sees of a header. */
function headerView(header: BlockHeader): HeaderView {
  const { height, view, timeMs, stateHeight, stateRoot } = header;
  return { height, view, hash: headerHash(header), timeMs, stateHeight, stateRoot };
}
