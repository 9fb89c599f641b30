import { formatCount } from '../format/numbers.ts';

/** A block's height as a link to it. */
export function BlockLink({ height }: { readonly height: number }) {
  return <a href={`/ledger/block/${height}`}>{formatCount(height)}</a>;
}
