import type { JsonObject, JsonValue } from '../json.ts';
import { ManifestFault } from './fault.ts';
import { Fields } from './fields.ts';
import type { OperationNotes } from './model.ts';

const namePattern = /^[a-z][A-Za-z0-9-]{0,63}(?:\.[a-z][A-Za-z0-9-]{0,63}){1,4}$/;
const MAX_SCHEMA_CHARACTERS = 16_384;

/** What is told of operations, by their names. Schemas stand alone: they are shown to whoever reads this host's API. */
export function operationNotes(top: Fields): Readonly<Record<string, OperationNotes>> {
  const pointer = top.at('operations');
  const notes = top.entries('operations', 1_024).map(([name, value]) => {
    const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!namePattern.test(name))
      throw new ManifestFault('bad-operation', at, 'is not the name of an operation, such as words.count');
    const fields = new Fields(value, at);
    const summary = fields.optionalText('summary', 256);
    const input = schemaIn(fields, 'input');
    const output = schemaIn(fields, 'output');
    fields.done();
    const own = {
      ...(summary === undefined ? {} : { summary }),
      ...(input === undefined ? {} : { input }),
      ...(output === undefined ? {} : { output }),
    };
    return [name, own] as const;
  });
  return Object.fromEntries(notes);
}

function schemaIn(fields: Fields, name: string): JsonObject | undefined {
  if (!fields.has(name)) return undefined;
  const value = fields.require(name) as JsonValue;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fields.fail(name, 'wrong-type', 'must be a JSON Schema as an object');
  if (JSON.stringify(value).length > MAX_SCHEMA_CHARACTERS)
    fields.fail(name, 'too-long', `has more than ${MAX_SCHEMA_CHARACTERS} characters`);
  const pointing = reference(value);
  if (pointing !== undefined)
    fields.fail(name, 'bad-schema', `${JSON.stringify(pointing)} may lead out of it: write it without`);
  return value as JsonObject;
}

/** A key by which a schema could point elsewhere, or be more than data. */
function reference(value: JsonValue): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, each] of Object.entries(value)) {
    if (key.startsWith('$') || key === '__proto__') return key.slice(0, 32);
    const inner = reference(each);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
