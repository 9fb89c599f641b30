import { rights } from '@hypermesh/proxy-nat';
import { NodeError } from '../errors.ts';

const letters = { r: rights.read, w: rights.write, a: rights.atomics } as const;

/** Rights from letters: r(ead), w(rite), a(tomics). Throws `node/bad-flag` for any other text. */
export function parseRights(text: string): number {
  if (!/^(?=.{1,3}$)r?w?a?$/.test(text)) {
    throw new NodeError(
      { code: 'node/bad-flag', flag: 'rights', next: 'give r, w and a, in this order, such as rw' },
      `${JSON.stringify(text)} names no rights`,
    );
  }
  return [...text].reduce((all, letter) => all | letters[letter as keyof typeof letters], 0);
}

/** The letters of rights. */
export function formatRights(bits: number): string {
  return Object.entries(letters)
    .map(([letter, bit]) => ((bits & bit) === 0 ? '' : letter))
    .join('');
}
