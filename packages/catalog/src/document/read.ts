import type { DocumentCode } from './problems.ts';
import { type Located, type LocatedEntry, type Problems, pathOf } from './yaml.ts';

/** What reads one value: gives it out, or tells problems and gives undefined. */
export type Read<T> = (item: Located, problems: Problems) => T | undefined;

/** Text of at most `max` characters. With `check`, what is wrong with it otherwise. */
export function text(
  max: number,
  check?: (value: string) => { readonly code: DocumentCode; readonly message: string } | undefined,
): Read<string> {
  return (item, problems) => {
    const { value } = item;
    if (value.kind !== 'scalar' || typeof value.scalar !== 'string') {
      const quoted =
        value.kind === 'scalar' && value.scalar !== null
          ? `; put it in quotes: "${String(value.scalar)}"`
          : '';
      problems.add('wrong-kind', item, `this is text${quoted}`);
      return undefined;
    }
    if (value.scalar.length > max || !value.scalar.isWellFormed()) {
      problems.add('too-long', item, `at most ${max} characters of well-formed text`);
      return undefined;
    }
    const fault = check?.(value.scalar);
    if (fault !== undefined) problems.add(fault.code, item, fault.message);
    return fault === undefined ? value.scalar : undefined;
  };
}

/** True or false. */
export const flag: Read<boolean> = (item, problems) => {
  if (item.value.kind === 'scalar' && typeof item.value.scalar === 'boolean') return item.value.scalar;
  problems.add('wrong-kind', item, 'write true or false, without quotes');
  return undefined;
};

/** A number from `min` to `max` times `scale`, which must come out whole. */
export function quantity(min: number, max: number, scale = 1): Read<number> {
  return (item, problems) => {
    const { value } = item;
    if (value.kind !== 'scalar' || typeof value.scalar !== 'number' || !Number.isFinite(value.scalar)) {
      problems.add('wrong-kind', item, 'write a number, without quotes and unit');
      return undefined;
    }
    if (value.scalar < min || value.scalar > max) {
      problems.add('out-of-range', item, `write a number from ${min} to ${max}`);
      return undefined;
    }
    const scaled = Math.round(value.scalar * scale);
    if (Math.abs(scaled - value.scalar * scale) > 1e-6 || !Number.isSafeInteger(scaled)) {
      problems.add(
        'out-of-range',
        item,
        scale === 1000 ? 'at most three digits behind the point' : 'write a whole number',
      );
      return undefined;
    }
    return scaled;
  };
}

/** One of these texts. */
export function oneOf<const T extends string>(values: readonly T[]): Read<T> {
  return (item, problems) => {
    const { value } = item;
    const found = values.find((one) => value.kind === 'scalar' && value.scalar === one);
    if (found === undefined) problems.add('wrong-value', item, `write one of: ${values.join(', ')}`);
    return found;
  };
}

/** A list of at most `max` items. */
export function list<T>(read: Read<T>, max: number): Read<readonly T[]> {
  return (item, problems) => {
    if (item.value.kind !== 'list') {
      problems.add('wrong-kind', item, 'write a list: [a, b], or a line with a hyphen for each');
      return undefined;
    }
    if (item.value.items.length > max) {
      problems.add('too-many', item, `at most ${max} items`);
      return undefined;
    }
    const found: T[] = [];
    for (const one of item.value.items) {
      const value = read(one, problems);
      if (value !== undefined) found.push(value);
    }
    return found;
  };
}

/** The entries of a map, taken out one by one; what is left at the end was not known. */
export class Fields {
  readonly #item: Located;
  readonly #problems: Problems;
  readonly #left: Map<string, LocatedEntry>;

  private constructor(item: Located, problems: Problems, entries: ReadonlyMap<string, LocatedEntry>) {
    this.#item = item;
    this.#problems = problems;
    this.#left = new Map(entries);
  }

  /** The entries of `item`; undefined, with a problem told, where it is no map. */
  static of(item: Located, problems: Problems): Fields | undefined {
    if (item.value.kind === 'map') return new Fields(item, problems, item.value.entries);
    problems.add('wrong-kind', item, 'write keys with values here, one a line');
    return undefined;
  }

  /** Where an entry is, for problems told later. */
  place(name: string): Located | undefined {
    return this.#item.value.kind === 'map' ? this.#item.value.entries.get(name)?.item : undefined;
  }

  /** An entry that may be left out; an empty one counts as left out. */
  take<T>(name: string, read: Read<T>): T | undefined {
    const item = this.#left.get(name)?.item;
    this.#left.delete(name);
    if (item === undefined || (item.value.kind === 'scalar' && item.value.scalar === null)) return undefined;
    return read(item, this.#problems);
  }

  /** An entry that must be there. */
  need<T>(name: string, read: Read<T>, hint: string): T | undefined {
    const entry = this.#left.get(name);
    const isEmpty = entry?.item.value.kind === 'scalar' && entry.item.value.scalar === null;
    if (entry === undefined || isEmpty) {
      this.#left.delete(name);
      const place = { path: pathOf(this.#item.path, name), at: entry?.keyAt ?? this.#item.at };
      this.#problems.add('missing', place, `${name} is missing; ${hint}`);
      return undefined;
    }
    return this.take(name, read);
  }

  /** Tells what was not asked for to `unknown`. */
  end(unknown: Problems): void {
    for (const [name, { keyAt }] of this.#left) {
      const place = { path: pathOf(this.#item.path, name), at: keyAt };
      unknown.add('unknown-key', place, 'this key means nothing here; check its spelling or leave it out');
    }
  }
}
