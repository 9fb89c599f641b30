import { Malformed } from './der/malformed.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The DER of every block with `label` in a PEM text (RFC 7468). Text between blocks and blocks with other labels are
 * passed over.
 */
export function readPem(text: string, label: string): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (const [, found, body] of text.matchAll(BLOCK)) {
    if (found !== label) continue;
    const base64 = (body as string).replace(/[\r\n\t ]+/g, '');
    if (base64.length % 4 !== 0 || !BASE64.test(base64))
      throw new Malformed('not-pem', `${label}: not base64`);
    const binary = atob(base64);
    const der = new Uint8Array(binary.length);
    for (let i = 0; i < der.length; i++) der[i] = binary.charCodeAt(i);
    blocks.push(der);
  }
  return blocks;
}

/** PEM text of DER: 64 characters a line, a newline at the end, so that blocks can be joined as they are. */
export function toPem(der: Uint8Array, label = 'CERTIFICATE'): string {
  let binary = '';
  for (let at = 0; at < der.length; at += 8192) binary += String.fromCharCode(...der.subarray(at, at + 8192));
  const lines = btoa(binary).replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
