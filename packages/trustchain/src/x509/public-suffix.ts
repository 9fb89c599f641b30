import { getPublicSuffix } from 'tldts-icann';

/**
 * Whether registrations are made directly beneath `name` (the ICANN part of the public suffix list; any single label
 * counts). Private suffixes such as `s3.amazonaws.com` do not count: their owners hold real wildcard certificates.
 */
export function isPublicSuffix(name: string): boolean {
  return !name.includes('.') || getPublicSuffix(name, { validateHostname: false }) === name;
}
