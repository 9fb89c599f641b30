import { isBytes, utf8 } from '../bytes.ts';
import { isLink } from '../codec/encode.ts';
import { CoreError } from '../failure.ts';
import { type Fields, type InferFields, Mismatch, type OptionalSchema, type Schema } from './schema.ts';

/** Whether a value is a map on the wire: a plain object, of any realm, without symbols. */
export function isMap(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isBytes(value)) return false;
  if (isLink(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false;
  return Object.getOwnPropertySymbols(value).length === 0;
}

/** Stores what a reader gave out where it differs from what it was given: only in values that are its own. */
function put(holder: object, key: string | number, given: unknown, read: unknown): void {
  if (given !== read) {
    Object.defineProperty(holder, key, { value: read, enumerable: true, writable: true, configurable: true });
  }
}

/** A list of at most `max` items. */
export function array<T>(item: Schema<T>, max: number): Schema<readonly T[]> {
  return {
    kinds: ['array'],
    read(value, fresh) {
      if (!Array.isArray(value)) return new Mismatch('wrong-kind');
      if (value.length > max) return new Mismatch('wrong-length');
      for (let index = 0; index < value.length; index += 1) {
        const given: unknown = value[index];
        const read = item.read(given, fresh);
        if (read instanceof Mismatch) return read.under(index);
        put(value, index, given, read);
      }
      return value;
    },
  };
}

/**
 * At most `maxEntries` values by text keys of at most `maxKeyBytes` (256) bytes in UTF-8. What is decoded has no
 * prototype, so that a lookup by a foreign key finds entries alone.
 */
export function map<T>(
  value: Schema<T>,
  maxEntries: number,
  maxKeyBytes = 256,
): Schema<{ readonly [key: string]: T }> {
  return {
    kinds: ['map'],
    read(entries, fresh) {
      if (!isMap(entries)) return new Mismatch('wrong-kind');
      const keys = Object.keys(entries);
      if (keys.length > maxEntries) return new Mismatch('wrong-length');
      for (const key of keys) {
        if (key.length > maxKeyBytes || (key.length * 3 > maxKeyBytes && utf8(key).length > maxKeyBytes)) {
          return new Mismatch('wrong-length').under(key);
        }
        if (!key.isWellFormed()) return new Mismatch('utf8').under(key);
        const given = entries[key];
        const read = value.read(given, fresh);
        if (read instanceof Mismatch) return read.under(key);
        put(entries, key, given, read);
      }
      return fresh ? Object.setPrototypeOf(entries, null) : entries;
    },
  };
}

/** A field that may be absent: its key is left out, and never holds undefined. In records only. */
export function optional<T>(field: Schema<T>): OptionalSchema<T> {
  return { ...field, isOptional: true };
}

/** Exactly these fields; a key that is not among them is refused. */
export function record<const F extends Fields>(fields: F): Schema<InferFields<F>> {
  const names = Object.keys(fields);
  if (names.includes('__proto__')) {
    throw new CoreError({ code: 'core/out-of-range', name: 'record' }, '__proto__ names no field');
  }
  const rules = names.map((name) => ({ name, field: fields[name] as Schema<unknown> }));
  return {
    kinds: ['map'],
    fields,
    read(value, fresh) {
      if (!isMap(value)) return new Mismatch('wrong-kind');
      let seen = 0;
      for (const { name, field } of rules) {
        if (!Object.hasOwn(value, name)) {
          if (field.isOptional) continue;
          return new Mismatch('missing-key').under(name);
        }
        seen += 1;
        const given = value[name];
        const read = field.read(given, fresh);
        if (read instanceof Mismatch) return read.under(name);
        put(value, name, given, read);
      }
      const keys = Object.keys(value);
      if (keys.length === seen) return value;
      return new Mismatch('unknown-key').under(keys.find((key) => !names.includes(key)) ?? '');
    },
  };
}
