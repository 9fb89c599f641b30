import { addChoice, type Choices, everyChoice, noChoice, without } from './choices.ts';
import { byVersion, choicesOfRange, readVersion, type Version } from './versions.ts';

/** What one version asks of another package. */
export interface Requirement {
  readonly name: string;
  readonly range: string;
  /** Taken where it can be; where it is there, it lies in the range. */
  readonly optional: boolean;
}

/** One version as an index lists it. Texts that are no version are passed over. */
export interface PublishedVersion {
  readonly version: string;
  readonly dependencies: readonly Requirement[];
  /** Withdrawn: chosen only where a lock holds it. */
  readonly yanked: boolean;
}

/**
 * What can be chosen. Synchronous, answers the same for the life of a solver, and is asked for each name at most once;
 * undefined where no such package is published.
 */
export interface VersionIndex {
  versions(name: string): readonly PublishedVersion[] | undefined;
}

/** Most versions of one package that are looked at; an index with more is refused as too much work. */
const MAX_VERSIONS = 20_000;

/** A package as the solver sees it: its versions in ascending order and what ranges mean among them. */
export class Candidates {
  readonly name: string;
  readonly isPublished: boolean;
  readonly isTooMany: boolean;
  readonly versions: readonly Version[];
  readonly published: readonly PublishedVersion[];
  readonly every: Choices;
  readonly yanked: Choices;
  readonly #ranges = new Map<string, Choices | undefined>();
  #declared: Map<string, Choices> | undefined;
  readonly #sorted: (readonly Requirement[] | undefined)[] = [];

  constructor(name: string, published: readonly PublishedVersion[] | undefined) {
    this.name = name;
    this.isPublished = published !== undefined;
    this.isTooMany = published !== undefined && published.length > MAX_VERSIONS;
    const read: { version: Version; entry: PublishedVersion }[] = [];
    for (const entry of this.isTooMany ? [] : (published ?? [])) {
      const version = readVersion(entry.version);
      if (version !== undefined) read.push({ version, entry });
    }
    read.sort((a, b) => byVersion(a.version, b.version));
    this.versions = read.map(({ version }) => version);
    this.published = read.map(({ entry }) => entry);
    this.every = everyChoice(read.length);
    this.yanked = noChoice(read.length);
    read.forEach(({ entry }, index) => {
      if (entry.yanked) addChoice(this.yanked, index + 1);
    });
  }

  /** The choices that `range` allows, never absence; undefined when the text is no range. */
  allowedBy(range: string): Choices | undefined {
    if (!this.#ranges.has(range)) this.#ranges.set(range, choicesOfRange(this.versions, range));
    return this.#ranges.get(range);
  }

  /** Every version that declares exactly this requirement, so that one clause speaks for all of them. */
  declaring(requirement: Requirement): Choices {
    if (this.#declared === undefined) {
      this.#declared = new Map();
      for (const [index, { dependencies }] of this.published.entries()) {
        for (const declared of dependencies) {
          const key = keyOf(declared);
          const found = this.#declared.get(key) ?? noChoice(this.versions.length);
          addChoice(found, index + 1);
          this.#declared.set(key, found);
        }
      }
    }
    return this.#declared.get(keyOf(requirement)) ?? noChoice(this.versions.length);
  }

  /** What the version of a choice requires, in the order of names. */
  requirementsOf(choice: number): readonly Requirement[] {
    let sorted = this.#sorted[choice];
    if (sorted === undefined) {
      sorted = [...(this.published[choice - 1]?.dependencies ?? [])].sort((a, b) =>
        a.name < b.name ? -1 : a.name > b.name ? 1 : 0,
      );
      this.#sorted[choice] = sorted;
    }
    return sorted;
  }

  /** The text of the version of a choice. */
  textOf(choice: number): string {
    return this.published[choice - 1]?.version ?? '';
  }

  /** The choice of a version by its text, or 0. */
  choiceOf(text: string): number {
    return this.published.findIndex(({ version }) => version === text) + 1;
  }

  /** Every choice but these, absence included: what breaks a requirement that allows these alone. */
  otherThan(allowed: Choices): Choices {
    return without(this.every, allowed);
  }
}

function keyOf({ name, range, optional }: Requirement): string {
  return `${optional ? '?' : '!'}${name}\n${range}`;
}
