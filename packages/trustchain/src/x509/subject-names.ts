import type { Certificate } from './certificate.ts';
import type { GeneralName } from './general-name.ts';
import { isDnsPattern, isMailbox, readAddress } from './host.ts';
import { Oid } from './oids.ts';
import { type Problem, problem } from './reason.ts';

/** A URI of RFC 3986 with a scheme and something after it, without spaces. */
const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/;

/** Whether each alternative name has the syntax of its kind (RFC 5280 §4.2.1.6). */
export function sanSyntaxProblem(certificate: Certificate): Problem | undefined {
  for (const name of certificate.subjectAltNames ?? []) {
    if (!hasSyntax(name)) {
      const value = 'value' in name ? JSON.stringify(name.value.slice(0, 100)) : '';
      return problem(
        'bad-name',
        `an alternative name is not a valid ${name.kind} name ${value}`,
        certificate,
      );
    }
  }
  return undefined;
}

function hasSyntax(name: GeneralName): boolean {
  switch (name.kind) {
    case 'dns':
      return isDnsPattern(name.value);
    case 'email':
      return isMailbox(name.value);
    case 'uri':
      return URI.test(name.value);
    case 'ip':
      return name.octets.length === 4 || name.octets.length === 16;
    case 'directory':
      return name.name.rdns.length > 0;
    case 'other':
      return true;
    default:
      return name satisfies never;
  }
}

/**
 * A common name that looks like a host must not say anything that the alternative names do not (CA/Browser Forum BR
 * 7.1.4.3): nothing here reads it, but older software does. It must be one of them letter by letter; a domain that
 * some of them lie under is taken as a label, and where there are only addresses a DNS name is.
 */
export function commonNameProblem(certificate: Certificate): Problem | undefined {
  const names = certificate.subjectAltNames ?? [];
  const dns = names.flatMap((name) => (name.kind === 'dns' ? [name.value] : []));
  const addresses = names.flatMap((name) => (name.kind === 'ip' ? [addressText(name.octets)] : []));
  const texts = certificate.subject.attributes.flatMap(({ oid, text }) =>
    oid === Oid.commonName && text !== undefined ? [text] : [],
  );
  const domains = texts.some(looksLikeName) ? withParents(dns) : new Set<string>();
  for (const text of texts) {
    const isCovered = looksLikeAddress(text)
      ? addresses.includes(text)
      : !looksLikeName(text) || dns.length === 0 || domains.has(text);
    if (!isCovered) {
      return problem(
        'bad-name',
        'the common name is a host that the alternative names do not have',
        certificate,
      );
    }
  }
  return undefined;
}

/** The names and every domain that one of them lies under. */
function withParents(names: readonly string[]): ReadonlySet<string> {
  const domains = new Set<string>();
  for (const name of names) {
    for (let at = 0; ; ) {
      domains.add(name.slice(at));
      const dot = name.indexOf('.', at);
      if (dot < 0) break;
      at = dot + 1;
    }
  }
  return domains;
}

const looksLikeAddress = (text: string): boolean =>
  /^(?:0x[0-9a-f]+|[0-9]+(?:\.[0-9]+){3})$/i.test(text) || readAddress(text) !== undefined;

const looksLikeName = (text: string): boolean => /^[^\s/@:]*[^\s/@:.]\.[^\s/@:.]+$/.test(text);

/** An address as text: dotted decimal, or RFC 5952. */
function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups: string[] = [];
  for (let i = 0; i < octets.length; i += 2) {
    groups.push((((octets[i] as number) << 8) | (octets[i + 1] as number)).toString(16));
  }
  let best = { from: 0, length: 1 };
  for (let from = 0; from < groups.length; from++) {
    let length = 0;
    while (groups[from + length] === '0') length++;
    if (length > best.length) best = { from, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`;
}
