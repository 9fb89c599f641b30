import { formatMoment } from '../format/times.ts';
import { Id } from './id.tsx';
import { partsOf } from './node-words-parts.ts';

/** A sentence of the node: ids and hashes in it in short, with a button that copies each, and times as on every page. */
export function NodeWords({ text }: { readonly text: string }) {
  return (
    <>
      {partsOf(text).map(({ kind, words }, at) => {
        const key = `${at} ${words}`;
        if (kind === 'id') return <Id key={key} value={words} what={`id ${words.slice(0, 12)}`} />;
        if (kind === 'time')
          return (
            <time key={key} dateTime={words}>
              {formatMoment(Date.parse(words))}
            </time>
          );
        return <span key={key}>{words}</span>;
      })}
    </>
  );
}
