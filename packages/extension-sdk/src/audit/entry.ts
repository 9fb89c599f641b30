import type { JsonObject } from '../json.ts';

/** Something that is worth remembering about an extension; `detail` is small plain data without secrets. */
export interface AuditEntry {
  readonly event: string;
  readonly extension: string;
  readonly detail?: JsonObject;
}

/** Where events are remembered. Appends in the order of calls, never throws, never waits. */
export interface AuditLog {
  append(entry: AuditEntry): void;
}
