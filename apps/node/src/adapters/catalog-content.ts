import { CatalogError, type Content, type FetchedFrom } from '@hypermesh/catalog';
import { type ContentRoot, hasCode, type NodeId } from '@hypermesh/core';
import type { ContentService } from '../content/service.ts';

/** What the catalog needs of the service that keeps and moves content on this node. */
export type MeshContent = Pick<ContentService, 'put' | 'get' | 'fetch' | 'replicate'>;

/** The catalog's `Content` over this node's content service; peers are told by their names. */
export function catalogContent(service: MeshContent, nameOf: (node: NodeId) => string): Content {
  return {
    put: (source, options) => service.put(source, options),
    async *get(root, options) {
      try {
        yield* service.get(root, options);
      } catch (error) {
        throw told(error, root);
      }
    },
    async fetch(root, { maxBytes, from = [], recheck = false, signal, onProgress }) {
      const fetching = service.fetch(root, {
        maxBytes,
        hints: from,
        recheck,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : {
              onProgress: ({ bytes, bytesHere, bytesMoved, peers }) =>
                onProgress({
                  total: bytes,
                  moved: bytesMoved,
                  reused: Math.max(0, bytesHere - bytesMoved),
                  peers,
                }),
            }),
      });
      const fetched = await fetching.catch((error: unknown) => {
        throw unavailable(error, root);
      });
      const peers: FetchedFrom[] = fetched.peers.map(({ node, bytes, carrier, kem }) => ({
        node: nameOf(node),
        bytes,
        over: `${carrier} with ${kem}`,
      }));
      const { size, bytesMoved, bytesReused, rejectedChunks } = fetched;
      return { size, moved: bytesMoved, reused: bytesReused, rejectedChunks, peers };
    },
    async replicate(root, { copies, prefer = [], signal }) {
      try {
        return await service.replicate(root, copies, { prefer, ...(signal === undefined ? {} : { signal }) });
      } catch (error) {
        if (!hasCode(error, 'node/too-few-copies')) throw error;
        const message = error instanceof Error ? error.message : String(error);
        const next = 'ask again when more members are up';
        throw new CatalogError(
          { code: 'catalog/too-few-copies', wanted: copies, holders: [], next },
          message,
          { cause: error },
        );
      }
    },
  };
}

function told(error: unknown, root: ContentRoot): unknown {
  if (hasCode(error, 'stoq/content-missing')) {
    const next = 'install it again: what is missing is fetched from other members';
    return new CatalogError(
      { code: 'catalog/content-missing', root, next },
      `${root} is not whole on this node`,
      { cause: error },
    );
  }
  if (!hasCode(error, 'stoq/content-corrupt')) return error;
  const next = 'a scrub, or installing it again, brings back what is damaged';
  return new CatalogError(
    { code: 'catalog/content-corrupt', root, next },
    `A chunk of ${root} is damaged on this node`,
    { cause: error },
  );
}

/** Nobody has it, or what they have is not what its name says: either way it cannot be had now. */
function unavailable(error: unknown, root: ContentRoot): unknown {
  if (!hasCode(error, 'node/not-found') && !hasCode(error, 'node/refused')) return error;
  const message = error instanceof Error ? error.message : String(error);
  const next = 'ask again when a member that holds it is up';
  return new CatalogError({ code: 'catalog/content-missing', root, next }, message, { cause: error });
}
