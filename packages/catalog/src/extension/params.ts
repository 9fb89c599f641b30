import { PACKAGE_TYPES, type PackageType } from '../document/package.ts';
import { CatalogError } from '../errors.ts';

/** Parameters of a call, read one by one; a field that nobody reads is refused. */
export interface Params {
  text(name: string): string;
  optionalText(name: string): string | undefined;
  flag(name: string): boolean | undefined;
  count(name: string): number | undefined;
  texts(name: string): readonly string[];
  type(name: string): PackageType | undefined;
  object(name: string): Readonly<Record<string, unknown>> | undefined;
  /** Texts by name. */
  versions(name: string): Readonly<Record<string, string>> | undefined;
}

const maxText = 4 * 1024 * 1024;
const maxTexts = 1024;

/** Makes a check of parameters: what `read` takes of them is what the operation gets. */
export function params<T>(read: (params: Params) => T): (value: unknown) => T {
  return (value) => {
    const given = value ?? {};
    if (typeof given !== 'object' || Array.isArray(given)) throw bad('params', 'an object');
    const fields = given as Readonly<Record<string, unknown>>;
    const seen = new Set<string>();
    const take = (name: string) => {
      seen.add(name);
      return Object.hasOwn(fields, name) ? fields[name] : undefined;
    };
    const optionalText = (name: string) => {
      const text = take(name);
      if (text === undefined) return undefined;
      if (typeof text !== 'string' || text.length === 0 || text.length > maxText) throw bad(name, 'a text');
      return text;
    };
    const objectOf = (name: string) => {
      const object = take(name);
      if (object === undefined) return undefined;
      const isObject = typeof object === 'object' && object !== null && !Array.isArray(object);
      return isObject ? (object as Readonly<Record<string, unknown>>) : fail(name, 'an object');
    };
    const result = read({
      optionalText,
      text: (name) => optionalText(name) ?? fail(name, 'a text'),
      flag(name) {
        const flag = take(name);
        return flag === undefined || typeof flag === 'boolean' ? flag : fail(name, 'true or false');
      },
      count(name) {
        const count = take(name);
        if (count === undefined) return undefined;
        return Number.isSafeInteger(count) && Number(count) > 0
          ? Number(count)
          : fail(name, 'a number above 0');
      },
      texts(name) {
        const texts = take(name);
        const isSound =
          Array.isArray(texts) &&
          texts.length <= maxTexts &&
          texts.every((each) => typeof each === 'string' && each.length > 0 && each.length <= 512);
        return isSound ? (texts as readonly string[]) : fail(name, 'a list of texts');
      },
      type(name) {
        const text = optionalText(name);
        if (text === undefined) return undefined;
        return (
          PACKAGE_TYPES.find((each) => each === text) ?? fail(name, `one of ${PACKAGE_TYPES.join(', ')}`)
        );
      },
      object: objectOf,
      versions(name) {
        const object = objectOf(name);
        const isSound = Object.values(object ?? {}).every((text) => typeof text === 'string');
        return isSound
          ? (object as Readonly<Record<string, string>> | undefined)
          : fail(name, 'versions by name');
      },
    });
    const unknown = Object.keys(fields).find((name) => !seen.has(name));
    if (unknown !== undefined) throw bad(unknown.slice(0, 64), 'left out: there is no such parameter');
    return result;
  };
}

function fail(name: string, expected: string): never {
  throw bad(name, expected);
}

function bad(argument: string, expected: string): CatalogError {
  return new CatalogError(
    { code: 'catalog/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}
