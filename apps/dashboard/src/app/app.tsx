import { type NodeAccess, NodeContext } from '../data/node.ts';
import { Entrance } from './entrance.tsx';
import { Layout } from './layout.tsx';
import type { Page } from './page.ts';
import { isRefused } from './token.ts';

/** The pages over a node; without one, how to come in. */
export function App({
  node,
  pages,
}: {
  readonly node: NodeAccess | undefined;
  readonly pages: readonly Page[];
}) {
  if (node === undefined || isRefused.value) return <Entrance isRefused={isRefused.value} />;
  return (
    <NodeContext.Provider value={node}>
      <Layout pages={pages} />
    </NodeContext.Provider>
  );
}
