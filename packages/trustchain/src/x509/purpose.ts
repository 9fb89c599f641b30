import { Oid } from './oids.ts';

/** What a leaf is to be used for: a key purpose by name or as a dotted OID, or `any` for no such check. */
export type Purpose =
  | 'serverAuth'
  | 'server'
  | 'clientAuth'
  | 'client'
  | 'codeSigning'
  | 'emailProtection'
  | 'timeStamping'
  | 'ocspSigning'
  | 'any'
  | `${number}.${string}`;

/** The closed set of rules that some authorities ask for and others do not. */
export type Profile = 'common' | 'rfc5280' | 'webpki';

const names: ReadonlyMap<string, string> = new Map(
  Object.entries({
    server: Oid.serverAuth,
    serverauth: Oid.serverAuth,
    client: Oid.clientAuth,
    clientauth: Oid.clientAuth,
    codesigning: Oid.codeSigning,
    emailprotection: Oid.emailProtection,
    timestamping: Oid.timeStamping,
    ocspsigning: Oid.ocspSigning,
  }),
);

/**
 * OIDs of the asked purposes, or undefined where one is not understood. Letter case, hyphens and the prefixes `tls`,
 * `ssl` and `id-kp` do not count.
 */
export function purposeOids(purpose: string | readonly string[]): readonly string[] | undefined {
  const oids: string[] = [];
  for (const name of typeof purpose === 'string' ? [purpose] : purpose) {
    if (typeof name !== 'string') return undefined;
    const bare = name
      .toLowerCase()
      .replace(/[-_ ]/g, '')
      .replace(/^(?:idkp|tls|ssl)/, '');
    if (bare === 'any') continue;
    const oid = /^[0-2](?:\.[0-9]{1,40}){1,32}$/.test(name) ? name : names.get(bare);
    if (oid === undefined) return undefined;
    oids.push(oid);
  }
  return oids;
}
