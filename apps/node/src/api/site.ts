import type { IncomingHttpHeaders } from 'node:http';
import { refuseCall } from './problem.ts';

/** Names of this machine that lead to a page each, all in the one origin that holds the token. */
const pageOfName: Readonly<Record<string, string>> = {
  caesar: '/wallet',
  trust: '/trust',
  assets: '/assets',
  catalog: '/packages',
};

/** The name in a browser for where the pages are. */
export const pagesName = 'hypermesh.localhost';

/** Where a request came by. */
export interface Site {
  /** The name it asked for, without the port. */
  readonly name: string;
  /** As it stood in Host. */
  readonly host: string;
}

/**
 * Checks that a request came by a name of this node and not from a foreign page. A page elsewhere whose name was made to mean this machine (DNS
 * rebinding) shows itself by its Host. `more` are names beside those of this machine. Throws `node/foreign-site`.
 */
export function siteOf(headers: IncomingHttpHeaders, more: ReadonlySet<string>): Site {
  const host = headers.host ?? '';
  const name = nameIn(host);
  if (name === undefined || !(isLocal(name) || more.has(name))) {
    throw foreign(
      `the host ${JSON.stringify(host.slice(0, 100))}`,
      'use the address in api.json, or localhost',
    );
  }
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    throw foreign(
      `the page ${JSON.stringify(origin.slice(0, 100))}`,
      'pages of other sites may not ask this node',
    );
  return { name, host };
}

/** Refuses what a browser says comes from a page of another site, where it does not merely follow a link. */
export function refuseCrossSite(headers: IncomingHttpHeaders): void {
  const from = headers['sec-fetch-site'];
  if (from === undefined || from === 'same-origin' || from === 'none') return;
  throw foreign('a page of another site', 'pages of other sites may not ask this node');
}

/** Refuses what another site would load into a page of its own: only a link of somebody who comes here is followed. */
export function refuseEmbedding(headers: IncomingHttpHeaders): void {
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (!isLink) refuseCrossSite(headers);
}

/** Where a request by one of the further names belongs; undefined where it is right. */
export function pageElsewhere({ name, host }: Site): string | undefined {
  return isPageName(name)
    ? `http://${pagesName}${portIn(host)}${pageOfName[name.split('.')[0] ?? '']}`
    : undefined;
}

function isPageName(name: string): boolean {
  const [first = '', second, third] = name.split('.');
  return second === 'localhost' && third === undefined && Object.hasOwn(pageOfName, first);
}

function nameIn(host: string): string | undefined {
  const [, name] = /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(?::\d{1,5})?$/.exec(host) ?? [];
  return name?.toLowerCase().replace(/\.$/, '');
}

const portIn = (host: string): string => /:\d{1,5}$/.exec(host)?.[0] ?? '';

const isLocal = (name: string): boolean =>
  name === 'localhost' ||
  name === pagesName ||
  name === '[::1]' ||
  isPageName(name) ||
  /^127(?:\.\d{1,3}){3}$/.test(name);

const foreign = (what: string, next: string) =>
  refuseCall({ code: 'node/foreign-site', what, next }, `This node does not answer ${what}`);
