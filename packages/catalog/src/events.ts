import type { FetchProgress } from './ports.ts';

/** What long work tells meanwhile: plain data, in the order in which it happens. */
export type CatalogEvent =
  | { readonly type: 'packing'; readonly package: string }
  | {
      readonly type: 'storing';
      readonly package: string;
      readonly bytes: number;
      readonly files: number;
      /** Bytes of it that are read already; absent when it begins. */
      readonly stored?: number;
    }
  | { readonly type: 'signing'; readonly package: string }
  | { readonly type: 'replicating'; readonly package: string; readonly copies: number }
  | { readonly type: 'ordering'; readonly package: string; readonly operation: string }
  | { readonly type: 'solved'; readonly packages: readonly string[] }
  | { readonly type: 'checking'; readonly package: string }
  | ({ readonly type: 'fetching'; readonly package: string } & FetchProgress)
  | { readonly type: 'unpacking'; readonly package: string }
  | { readonly type: 'registering'; readonly package: string }
  | { readonly type: 'installed'; readonly package: string }
  | { readonly type: 'submitting'; readonly package: string; readonly node: string }
  | { readonly type: 'running'; readonly package: string; readonly node: string; readonly state: string }
  | {
      readonly type: 'rescheduling';
      readonly package: string;
      readonly node: string;
      readonly reason: string;
    };

/** Options of work that tells how far it is. `onEvent` must not throw. */
export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: CatalogEvent) => void;
}

/** One line for people. */
export function describeEvent(event: CatalogEvent): string {
  switch (event.type) {
    case 'solved':
      return `solved: ${event.packages.join(', ')}`;
    case 'storing':
      return `cutting and storing ${event.files} files of ${event.package}`;
    case 'signing':
      return `signing ${event.package} with Ed25519 and Falcon-1024, logging`;
    case 'replicating':
      return `waiting for ${event.copies} further nodes to store ${event.package}`;
    case 'ordering':
      return `ordering ${event.operation} of ${event.package} with its four proofs`;
    case 'fetching':
      return `fetching ${event.package} from ${event.peers} ${event.peers === 1 ? 'peer' : 'peers'}`;
    case 'submitting':
    case 'running':
      return `${event.type} ${event.package} on ${event.node}`;
    case 'rescheduling':
      return `${event.package} was lost on ${event.node} (${event.reason}); trying another node`;
    case 'packing':
    case 'checking':
    case 'unpacking':
    case 'registering':
    case 'installed':
      return `${event.type} ${event.package}`;
  }
}
