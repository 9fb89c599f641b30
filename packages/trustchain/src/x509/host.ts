/** A host as a caller names it: a DNS name in lower case, or the octets of an address. */
export type Host =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'ip'; readonly octets: Uint8Array };

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Whether `name` has the preferred syntax of RFC 1034 §3.5 and RFC 1123 §2.1, in any letter case: labels of letters,
 * digits and hyphens, 253 octets at most, the last label not a number (that would be an address).
 */
export function isDnsName(name: string): boolean {
  if (typeof name !== 'string' || name.length === 0 || name.length > 253) return false;
  const labels = name.toLowerCase().split('.');
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(labels[labels.length - 1] as string);
}

/** Whether `name` is a DNS name or one whose whole first label is `*`. */
export function isDnsPattern(name: string): boolean {
  return isDnsName(name.startsWith('*.') ? name.slice(2) : name);
}

/** Whether `text` is one mailbox: a local part without space or `@`, and a DNS name. */
export function isMailbox(text: string): boolean {
  const at = text.indexOf('@');
  return at > 0 && /^[\x21-\x3f\x41-\x7e]{1,64}$/.test(text.slice(0, at)) && isDnsName(text.slice(at + 1));
}

/** Reads a DNS name (a closing dot is dropped) or an address (IPv6 also in brackets). */
export function readHost(text: string): Host | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const octets = readAddress(bare);
  if (octets !== undefined) return { kind: 'ip', octets };
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  return isLookupName(name) ? { kind: 'dns', name } : undefined;
}

/** What a caller may ask for: as `isDnsName`, and underscores, which match no certificate but are asked for. */
function isLookupName(name: string): boolean {
  return isDnsName(name.replaceAll('_', 'x'));
}

/** Octets of an IPv4 (dotted decimal, no leading zeros) or IPv6 (RFC 4291 §2.2) literal. */
export function readAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text);
}

function readIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (
    parts.length !== 4 ||
    !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  ) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

function readIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => readGroups(half));
  const [head, tail] = groups;
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined;
  const length = head.length + (tail?.length ?? 0);
  if (halves.length === 1 ? length !== 16 : length > 14) return undefined;
  const octets = new Uint8Array(16);
  octets.set(head);
  if (tail !== undefined) octets.set(tail, 16 - tail.length);
  return octets;
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const octets: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
      continue;
    }
    const ipv4 = i === groups.length - 1 ? readIpv4(group) : undefined;
    if (ipv4 === undefined) return undefined;
    octets.push(...ipv4);
  }
  return octets;
}

/**
 * Whether the presented DNS name or pattern covers `host` (RFC 9525 §6.3): letter case does not count; `*` stands
 * for exactly one whole first label, and never directly beneath a public suffix.
 */
export function coversHost(
  presented: string,
  host: string,
  isPublicSuffix: (name: string) => boolean,
): boolean {
  const pattern = presented.toLowerCase();
  if (!pattern.startsWith('*.')) return pattern === host;
  const base = pattern.slice(2);
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot + 1) === base && !isPublicSuffix(base);
}
