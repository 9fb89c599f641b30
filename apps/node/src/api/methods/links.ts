import { transferList } from '../../content/answers.ts';
import { linkList } from '../../mesh/topology.ts';
import type { Handlers } from './method.ts';

/** What goes over the wire. */
export const linkHandlers: Handlers<'transfers' | 'topology'> = {
  transfers: ({ facts, members }) =>
    transferList(facts.transfers, facts.roots, (node) => members.get(node)?.name ?? node),
  topology: ({ facts, members }, _, { config, nodeId }) =>
    linkList(facts.links, { name: config.name, nodeId, members, book: facts.trust.book }),
};
