import type { ExtensionHostOptions } from './ports.ts';

/** Counts what the audit log hears of, before anything is left out of it: denials, quotas, transitions. */
export function withCountedAudit(options: ExtensionHostOptions): ExtensionHostOptions {
  const { audit, metrics } = options;
  if (metrics === undefined) return options;
  return {
    ...options,
    audit: {
      append(entry) {
        metrics.count('extension_events_total', 1, { extension: entry.extension, event: entry.event });
        audit.append(entry);
      },
    },
  };
}
