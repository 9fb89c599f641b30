/** What is searched of a package. */
export interface SearchDocument {
  readonly name: string;
  readonly tags: readonly string[];
  readonly description: string;
}

/** A name that a query found, and how well it fits: a whole number that has a meaning within one query only. */
export interface RankedName {
  readonly name: string;
  readonly score: number;
}

/** Words of documents, inverted. */
export interface InvertedIndex {
  /** Names that hold every word of the query, or begin with it, best first; equal ones by name. An empty query finds all. */
  find(query: string): readonly RankedName[];
}

const weights = { exactName: 64, name: 16, tag: 8, description: 2 } as const;
/** A word that the query only begins counts for less than the whole word: of 4. */
const prefixQuarters = 1;
const mostQueryWords = 16;

/** Builds an index; rare words count more than frequent ones. */
export function createInvertedIndex(documents: Iterable<SearchDocument>): InvertedIndex {
  const postings = new Map<string, Map<string, number>>();
  const names: string[] = [];
  const add = (word: string, name: string, weight: number) => {
    const posting = postings.get(word) ?? new Map<string, number>();
    posting.set(name, Math.max(posting.get(name) ?? 0, weight));
    postings.set(word, posting);
  };
  for (const { name, tags, description } of documents) {
    names.push(name);
    for (const word of wordsOf(description)) add(word, name, weights.description);
    for (const tag of tags) for (const word of wordsOf(tag)) add(word, name, weights.tag);
    for (const word of wordsOf(name)) add(word, name, weights.name);
    add(name.toLowerCase(), name, weights.exactName);
  }
  names.sort();
  const vocabulary = [...postings.keys()].sort();

  /** How rare a word is: 1 for one that all hold, one more for each halving. */
  const rarity = (holders: number) => 1 + Math.floor(Math.log2(Math.max(1, names.length / holders)));

  function scoresOf(word: string): Map<string, number> {
    const scores = new Map<string, number>();
    for (let at = firstAtLeast(vocabulary, word); at < vocabulary.length; at++) {
      const known = vocabulary[at] ?? '';
      if (!known.startsWith(word)) break;
      const posting = postings.get(known) ?? new Map<string, number>();
      const quarters = known === word ? 4 : prefixQuarters;
      for (const [name, weight] of posting) {
        const score = weight * quarters * rarity(posting.size);
        scores.set(name, Math.max(scores.get(name) ?? 0, score));
      }
    }
    return scores;
  }

  return {
    find(query) {
      const whole = query.trim().toLowerCase();
      const words = [...new Set(postings.has(whole) ? [whole] : wordsOf(query))].slice(0, mostQueryWords);
      if (words.length === 0) return whole === '' ? names.map((name) => ({ name, score: 0 })) : [];
      const [first = new Map<string, number>(), ...rest] = words.map(scoresOf);
      const found: RankedName[] = [];
      for (const [name, score] of first) {
        if (!rest.every((scores) => scores.has(name))) continue;
        found.push({ name, score: rest.reduce((sum, scores) => sum + (scores.get(name) ?? 0), score) });
      }
      return found.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
    },
  };
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function firstAtLeast(sorted: readonly string[], word: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') < word) low = middle + 1;
    else high = middle;
  }
  return low;
}
