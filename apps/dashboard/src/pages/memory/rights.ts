const words: Readonly<Record<string, string>> = { r: 'read', w: 'write', a: 'count' };

/** The letters of a grant in words: `read, write, count`. */
export function wordsOfRights(rights: string): string {
  return [...rights].map((letter) => words[letter] ?? letter).join(', ');
}
