import { fromUtf8, type Verdict } from '@hypermesh/core';
import { ManifestFault, type ManifestProblem } from './fault.ts';
import { Fields } from './fields.ts';
import { readFlat } from './flat.ts';
import type { Manifest } from './model.ts';
import { readNested } from './nested.ts';

/** Largest manifest that is read, in bytes. */
export const MANIFEST_MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 16;

/**
 * Reads a manifest from anybody: the nested form 1.0, or the flat one, which is normalised. Never throws; the first
 * problem is answered with its code and JSON pointer.
 */
export function parseManifest(bytes: Uint8Array): Verdict<{ manifest: Manifest }, ManifestProblem> {
  try {
    const top = new Fields(parse(bytes), '');
    if (top.has('manifest_version')) return { ok: true, manifest: readNested(top) };
    if (top.has('id')) return { ok: true, manifest: readFlat(top) };
    throw new ManifestFault('unknown-form', '', 'has neither manifest_version nor id');
  } catch (error) {
    if (error instanceof ManifestFault) return { ok: false, reason: error.problem };
    throw error;
  }
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length > MANIFEST_MAX_BYTES) {
    throw new ManifestFault('too-large', '', `is larger than ${MANIFEST_MAX_BYTES} bytes`);
  }
  const decoded = fromUtf8(bytes);
  if (!decoded.ok) throw new ManifestFault('not-utf8', '', 'is not UTF-8');
  const { text } = decoded;
  if (depthOf(text) > MAX_DEPTH)
    throw new ManifestFault('too-deep', '', `is nested deeper than ${MAX_DEPTH}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ManifestFault('not-json', '', error instanceof Error ? error.message : 'is not JSON');
  }
}

/** How deep brackets outside of texts are nested; right for JSON, and read before anything recurses. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (isText) {
      if (letter === '\\') at++;
      else if (letter === '"') isText = false;
    } else if (letter === '"') isText = true;
    else if (letter === '{' || letter === '[') deepest = Math.max(deepest, ++depth);
    else if (letter === '}' || letter === ']') depth--;
  }
  return deepest;
}
