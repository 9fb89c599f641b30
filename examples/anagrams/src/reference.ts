/** What the guest answers, as its output parses. */
export interface AnagramReport {
  readonly words: number;
  /** How often each letter occurs. */
  readonly letters: Readonly<Record<string, number>>;
  /** How many words have each length. */
  readonly lengths: Readonly<Record<string, number>>;
  readonly longest: readonly string[];
  /** Classes of two or more words with the same letters, and the words in them. */
  readonly anagramClasses: number;
  readonly wordsWithAnagram: number;
  /** The five classes with the most words; among equals the one whose first word comes first. */
  readonly largest: readonly (readonly string[])[];
}

const decoder = new TextDecoder();

function count(into: Record<string, number>, key: string | number): void {
  into[key] = (into[key] ?? 0) + 1;
}

/** Computes the same in plain JavaScript, with nothing of the guest's method: sorted letters in a Map. */
export function referenceOf(json: Uint8Array): AnagramReport {
  const words = JSON.parse(decoder.decode(json)) as string[];
  const letters: Record<string, number> = {};
  const lengths: Record<string, number> = {};
  const classes = new Map<string, string[]>();
  for (const word of words) {
    const sorted = [...word].sort();
    for (const letter of sorted) count(letters, letter);
    count(lengths, word.length);
    const key = sorted.join('');
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [word]);
    else members.push(word);
  }
  const anagrams = [...classes.values()].filter((members) => members.length > 1);
  const most = words.reduce((length, word) => Math.max(length, word.length), 0);
  return {
    words: words.length,
    letters,
    lengths,
    longest: words.filter((word) => word.length === most),
    anagramClasses: anagrams.length,
    wordsWithAnagram: anagrams.reduce((sum, members) => sum + members.length, 0),
    largest: anagrams.toSorted((a, b) => b.length - a.length).slice(0, 5),
  };
}
