import { defaultLogBounds, type LogBounds } from './monitor/logs/files.ts';

const settings = {
  files: { field: 'files', least: 2, most: 100, words: 'files that stay, the newest ones' },
  file_bytes: { field: 'fileBytes', least: 65_536, most: 2 ** 30, words: 'of each, about' },
} as const satisfies Readonly<
  Record<string, { field: keyof LogBounds; least: number; most: number; words: string }>
>;

/** The lines of `[log]` in a new configuration. */
export function logLines(bounds: LogBounds): string[] {
  return [
    '# How much of the log stays in the folder logs.',
    '[log]',
    ...Object.entries(settings).map(([key, { field, words }]) => `${key} = ${bounds[field]} # ${words}`),
  ];
}

/** Reads the table `[log]`; `bad` makes the error for a key and what is wrong with it. */
export function readLogBounds(
  table: Readonly<Record<string, unknown>>,
  bad: (key: string, what: string) => Error,
): LogBounds {
  const bounds: { -readonly [Field in keyof LogBounds]: number } = { ...defaultLogBounds };
  for (const [key, value] of Object.entries(table)) {
    if (!Object.hasOwn(settings, key)) throw bad(`log.${key}`, `there is no setting log.${key}`);
    const { field, least, most } = settings[key as keyof typeof settings];
    if (typeof value !== 'bigint' || value < BigInt(least) || value > BigInt(most))
      throw bad(`log.${key}`, `log.${key} must be an integer from ${least} to ${most}`);
    bounds[field] = Number(value);
  }
  return bounds;
}
