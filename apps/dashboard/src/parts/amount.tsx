import { formatAmountShort, formatCount } from '../format/numbers.ts';

/** An amount of base units in large type: whole where its place is wide enough for it, else in four digits; whole in its title always. */
export function Amount({ value }: { readonly value: string }) {
  const full = formatCount(value);
  const short = formatAmountShort(value);
  if (full === short) return <span class="amount">{full}</span>;
  return (
    <span class="amount" title={`${full} base units`}>
      <span class="amount-full">{full}</span>
      <span class="amount-short">{short}</span>
    </span>
  );
}
