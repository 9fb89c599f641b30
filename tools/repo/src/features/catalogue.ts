import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** One row of docs/features.yaml. */
export interface Feature {
  id: string;
  feature: string;
  /** The sentence that a test must show. */
  shows: string;
  /** Claimed features must have a test that passes, or that was skipped with a reason. */
  claimed: boolean;
}

const ID = '[a-z]+(?:-[a-z]+)*-x?\\d{2}';
const IN_TITLE = new RegExp(`\\[(${ID}(?:, ?${ID})*)\\]`, 'g');

/** The feature ids that a test title names in brackets. */
export function idsInTitle(title: string): string[] {
  return Array.from(title.matchAll(IN_TITLE), ([, list = '']) => list.split(/, ?/)).flat();
}

/** Reads the list of features. Throws on a row that is not complete or comes twice: the file is ours. */
export function readCatalogue(path: string): Feature[] {
  const rows = parse(readFileSync(path, 'utf8')) as Record<string, Partial<Feature>>;
  return Object.entries(rows).map(([id, { feature, shows, claimed = false }]) => {
    if (!new RegExp(`^${ID}$`).test(id))
      throw new Error(`${path}: "${id}" is not a feature id such as core-01`);
    if (!feature || !shows) throw new Error(`${path}: ${id} needs "feature" and "shows"`);
    return { id, feature, shows, claimed };
  });
}
