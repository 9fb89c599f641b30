import { hostname } from 'node:os';
import { withApiFlag } from '../api/config.ts';
import { checkListen, checkName, defaultConfig } from '../config.ts';
import { textOf } from './init.ts';

/** The options that `init` and `join` hand on as they were given. */
export function optional(flags: Readonly<Record<string, string | true | undefined>>) {
  const listen = textOf(flags['listen']);
  const passphraseFile = textOf(flags['passphrase-file']);
  const api = textOf(flags['api']);
  return {
    ...(listen === undefined ? {} : { listen: checkListen(listen) }),
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(api === undefined ? {} : { api: withApiFlag(defaultConfig.api, api) }),
  };
}

/** The name that was given, or one made from the machine's. Throws `node/bad-flag`. */
export function nameFrom(flag: string | true | undefined): string {
  const given = textOf(flag);
  return checkName(given ?? machineName());
}

function machineName(): string {
  const plain = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 32);
  return plain === '' ? 'node' : plain.replace(/-+$/, '');
}
