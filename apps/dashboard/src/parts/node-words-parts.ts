/** A piece of a sentence of the node. */
export interface Part {
  readonly kind: 'words' | 'id' | 'time';
  readonly words: string;
}

/** Ids (`baf…`), fingerprints, hashes, and times in ISO 8601. */
const special =
  /(SHA256:[0-9a-f]{64}|\bbaf[a-z2-7]{40,}|\b[0-9a-f]{64}\b)|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/g;

/** The pieces of a sentence, in order: together they are the sentence. */
export function partsOf(text: string): readonly Part[] {
  const parts: Part[] = [];
  let done = 0;
  for (const { 0: words, 1: id, index } of text.matchAll(special)) {
    if (index > done) parts.push({ kind: 'words', words: text.slice(done, index) });
    parts.push({ kind: id === undefined ? 'time' : 'id', words });
    done = index + words.length;
  }
  if (done < text.length) parts.push({ kind: 'words', words: text.slice(done) });
  return parts;
}
