import semver from 'semver';
import { addChoice, type Choices, noChoice } from './choices.ts';

/** A version as it is published, read once. */
export type Version = semver.SemVer;

/** Longest range that is read; longer ones are no ranges. */
const MAX_RANGE_LENGTH = 512;

/** Longest version that is read. */
const MAX_VERSION_LENGTH = 128;

/** The version that `text` says, or undefined: strict semver 2.0.0, no leading `v`, no spaces. */
export function readVersion(text: string): Version | undefined {
  if (text.length > MAX_VERSION_LENGTH) return undefined;
  const version = semver.parse(text);
  if (version === null) return undefined;
  const build = version.build.length === 0 ? '' : `+${version.build.join('.')}`;
  return `${version.version}${build}` === text ? version : undefined;
}

/** Whether `text` is a version: strict semver 2.0.0. */
export function isVersion(text: string): boolean {
  return readVersion(text) !== undefined;
}

/** The range that `text` says, in npm's grammar, or undefined. */
function readRange(text: string): semver.Range | undefined {
  if (text.length > MAX_RANGE_LENGTH) return undefined;
  try {
    return new semver.Range(text);
  } catch {
    // semver has no reading of a range that does not throw.
    return undefined;
  }
}

/** Whether `text` is a range in npm's grammar: `^1.2.0`, `>=1 <3 || 4.x`, `1.0.0 - 2.0.0`, the empty text for any. */
export function isRange(text: string): boolean {
  return readRange(text) !== undefined;
}

/** Ascending order of two versions as texts; build metadata decides between otherwise equal ones. */
export function compareVersions(a: string, b: string): number {
  return semver.compareBuild(a, b);
}

/** Whether `version` lies in `range`, by npm's rule for pre-releases. False when one of them cannot be read. */
export function satisfies(version: string, range: string): boolean {
  const read = readVersion(version);
  return read !== undefined && (readRange(range)?.test(read) ?? false);
}

/** Ascending order of read versions. */
export function byVersion(a: Version, b: Version): number {
  return a.compare(b) || a.compareBuild(b);
}

/** First index whose version is above `limit`, or, with `isOpen`, at or above it. */
function firstAbove(versions: readonly Version[], limit: Version, isOpen: boolean): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = (versions[middle] as Version).compare(limit);
    if (order > 0 || (isOpen && order === 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The choices among `versions`, which ascend, that `range` allows; undefined when the text is no range. Finds the ends
 * by bisection and asks semver's own test for pre-releases alone, where its rule is more than an interval.
 */
export function choicesOfRange(versions: readonly Version[], range: string): Choices | undefined {
  const read = readRange(range);
  if (read === undefined) return undefined;
  const allowed = noChoice(versions.length);
  for (const comparators of read.set) {
    let from = 0;
    let to = versions.length;
    for (const { operator, semver: limit } of comparators) {
      // The comparator of any version holds a symbol instead of a version.
      if (!(limit instanceof semver.SemVer)) continue;
      if (operator !== '<' && operator !== '<=') {
        from = Math.max(from, firstAbove(versions, limit, operator !== '>'));
      }
      if (operator !== '>' && operator !== '>=') {
        to = Math.min(to, firstAbove(versions, limit, operator === '<'));
      }
    }
    for (let index = from; index < to; index += 1) {
      const version = versions[index] as Version;
      if (version.prerelease.length === 0 || read.test(version)) addChoice(allowed, index + 1);
    }
  }
  return allowed;
}
