import type { Verdict } from '@hypermesh/core';
import { type Capability, capabilityNames } from '../capabilities.ts';
import type { GuestDescription } from './guest.ts';

const methodPattern = /^[a-z][A-Za-z0-9-]{0,63}(?:\.[a-z][A-Za-z0-9-]{0,63}){1,4}$/;
const actionPattern = /^[a-z][A-Za-z0-9-]{0,63}$/;
const hookNames = ['onLoad', 'onSuspend', 'onUnload'];
const known: ReadonlySet<string> = new Set(capabilityNames);

class Malformed extends Error {}

function fields(value: unknown, what: string, max: number): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) throw new Malformed(`${what} is not an object`);
  const entries = Object.entries(value);
  if (entries.length > max) throw new Malformed(`${what} has more than ${max} entries`);
  return entries;
}

function needsOf(value: unknown, what: string): ReadonlySet<Capability> {
  if (value === undefined || value === null) return new Set();
  if (!Array.isArray(value)) throw new Malformed(`needs of ${what} is not a list`);
  for (const each of value) {
    if (typeof each !== 'string') throw new Malformed(`needs of ${what} are not texts`);
    if (!known.has(each)) throw new Malformed(`${what} needs ${each.slice(0, 64)}, which is no capability`);
  }
  return new Set(value as Capability[]);
}

/** Reads what a guest says of itself, in any tier: an object of plain data as `describe` gives it. */
export function readDescription(value: unknown): Verdict<{ description: GuestDescription }> {
  try {
    return { ok: true, description: read(value) };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, reason: error.message };
    throw error;
  }
}

function read(value: unknown): GuestDescription {
  if (typeof value !== 'object' || value === null) throw new Malformed('not an object');
  const { id, ops, assets, stateVersion, hooks } = value as Record<string, unknown>;
  if (typeof id !== 'string') throw new Malformed('id is not a text');
  const family = `${id.split('.').at(-1)}.`;
  const foundOps = fields(ops, 'ops', 1024).map(([name, each]) => {
    if (!methodPattern.test(name) || !name.startsWith(family))
      throw new Malformed(`operation ${name.slice(0, 64)} must be called ${family}NAME`);
    const { needs, proof } = (each ?? {}) as Record<string, unknown>;
    return [name, { needs: needsOf(needs, name), proof: proof === true }] as const;
  });
  const foundAssets = fields(assets, 'assets', 256).map(([type, each]) => {
    const { needs, actions } = (each ?? {}) as Record<string, unknown>;
    if (!Array.isArray(actions) || actions.length > 64)
      throw new Malformed(`actions of ${type.slice(0, 64)} is not a list`);
    // No conversion: what a guest wrote may be an object whose own `toString` is none.
    const names = actions.filter((name) => typeof name === 'string' && actionPattern.test(name));
    if (names.length < actions.length)
      throw new Malformed(`an action of ${type.slice(0, 64)} has no proper name`);
    return [type, { needs: needsOf(needs, type), actions: new Set(names) }] as const;
  });
  if (
    stateVersion !== undefined &&
    stateVersion !== null &&
    !(Number.isSafeInteger(stateVersion) && Number(stateVersion) > 0)
  ) {
    throw new Malformed('the version of its state must be a whole number above 0');
  }
  const foundHooks = Array.isArray(hooks) ? hookNames.filter((name) => hooks.includes(name)) : [];
  return {
    id,
    ops: new Map(foundOps),
    assets: new Map(foundAssets),
    hooks: new Set(foundHooks),
    ...(typeof stateVersion === 'number' ? { stateVersion } : {}),
  };
}
