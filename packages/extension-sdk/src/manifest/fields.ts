import { type ManifestCode, ManifestFault } from './fault.ts';

/** Reads one object of a manifest field by field; every fault names its pointer, and a field that nobody read is one. */
export class Fields {
  readonly pointer: string;
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(value: unknown, pointer: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ManifestFault('wrong-type', pointer, 'must be an object');
    }
    this.#value = value as Readonly<Record<string, unknown>>;
    this.pointer = pointer;
  }

  at(name: string): string {
    return `${this.pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#value, name);
  }

  #take(name: string): unknown {
    this.#read.add(name);
    return this.has(name) ? this.#value[name] : undefined;
  }

  fail(name: string, code: ManifestCode, detail: string): never {
    throw new ManifestFault(code, this.at(name), detail);
  }

  require(name: string): unknown {
    if (!this.has(name)) this.fail(name, 'missing', `${name} is missing`);
    return this.#take(name);
  }

  text(name: string, maxLength: number): string {
    return this.#asText(name, this.require(name), maxLength);
  }

  optionalText(name: string, maxLength: number): string | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : this.#asText(name, value, maxLength);
  }

  #asText(name: string, value: unknown, maxLength: number): string {
    if (typeof value !== 'string' || value.length === 0 || !value.isWellFormed()) {
      this.fail(name, 'wrong-type', 'must be a text that is not empty');
    }
    if (value.length > maxLength) this.fail(name, 'too-long', `has more than ${maxLength} characters`);
    return value;
  }

  number(name: string, { min, max }: { readonly min: number; readonly max: number }): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') this.fail(name, 'wrong-type', 'must be a number');
    if (!(value >= min && value <= max)) this.fail(name, 'out-of-range', `must be from ${min} to ${max}`);
    return value;
  }

  boolean(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value !== undefined && typeof value !== 'boolean')
      this.fail(name, 'wrong-type', 'must be true or false');
    return value;
  }

  object(name: string): Fields {
    return new Fields(this.require(name), this.at(name));
  }

  optionalObject(name: string): Fields | undefined {
    return this.has(name) ? this.object(name) : undefined;
  }

  /** The entries of an object whose keys are data. */
  entries(name: string, maxEntries: number): readonly [string, unknown][] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fail(name, 'wrong-type', 'must be an object');
    }
    const entries = Object.entries(value);
    if (entries.length > maxEntries) this.fail(name, 'too-many', `has more than ${maxEntries} entries`);
    return entries;
  }

  list<T>(name: string, maxItems: number, item: (value: unknown, pointer: string) => T): T[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) this.fail(name, 'wrong-type', 'must be a list');
    if (value.length > maxItems) this.fail(name, 'too-many', `has more than ${maxItems} items`);
    return value.map((each: unknown, index) => item(each, `${this.at(name)}/${index}`));
  }

  /** Every field must have been read: a misspelt one would otherwise be a wish that nobody fulfils. */
  done(): void {
    for (const name of Object.keys(this.#value)) {
      if (!this.#read.has(name))
        this.fail(name, 'unknown-field', `${JSON.stringify(name.slice(0, 64))} is not a field here`);
    }
  }
}
