import type { AuditLog } from '../audit/entry.ts';
import type { LoadOutcome, LoadRefusalCode } from './ports.ts';

/** Why something is not loaded, as whoever found out says it. */
export interface Refusal {
  readonly code: LoadRefusalCode;
  readonly detail: string;
  readonly path?: string;
  readonly cycle?: readonly string[];
}

/** Writes down that something is not loaded, and answers it as an outcome. */
export function refused(
  audit: AuditLog,
  id: string,
  { code, detail, path, cycle }: Refusal,
): LoadOutcome & { readonly ok: false } {
  const where = path === undefined ? {} : { path };
  audit.append({ event: 'package.refused', extension: id, detail: { code, detail, ...where } });
  return { ok: false, id, code, detail, ...where, ...(cycle === undefined ? {} : { cycle }) };
}
