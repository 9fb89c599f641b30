import type { Input, Result, RouteId, Topic } from '@hypermesh/client';

/** What a long call tells meanwhile: words, and bytes where bytes move. */
export interface ProgressEvent {
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  readonly rateBps?: number;
}

/** Something that happened at the node. `dropped` says that some were left out: what is shown has to be loaded anew. */
export interface MeshEvent {
  readonly id: string;
  readonly topic: Topic | 'dropped';
  readonly atMs: number;
  readonly data: unknown;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** The node, as pages reach it; what `createClient` of `@hypermesh/client` gives. */
export interface Api {
  /** Rejects with what `faultOf` reads. Aborting the signal cancels the call at the node. */
  call<Id extends RouteId>(id: Id, params: Input<Id>, options?: CallOptions): Promise<Result<Id>>;
  /** Goes on until the signal aborts, also over lost connections; `onOpen` hears of them. Rejects only when it is refused. */
  events(
    topics: readonly Topic[],
    options: {
      readonly signal: AbortSignal;
      /** Begins after this event, where the node still knows it. */
      readonly afterId?: string | undefined;
      readonly onOpen?: (isOpen: boolean) => void;
    },
  ): AsyncIterable<MeshEvent>;
}
