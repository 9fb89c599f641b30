import { statSync } from 'node:fs';
import { parse, stringify, TomlError } from 'smol-toml';
import { readIfPresent, writeDurably } from '../../data-directory.ts';
import { NodeError } from '../../errors.ts';
import { defaultRules } from './defaults.ts';
import { type AlertRule, type AlertSettings, checkSettings, type RuleFault } from './rule.ts';

/** Rules that hold: the defaults that are not off, with an operator's own in their places and behind them. */
export function rulesOf({ disable, rule }: AlertSettings): readonly AlertRule[] {
  const own = new Map(rule.map((one) => [one.name, one]));
  const kept = defaultRules.flatMap((one) => {
    const replaced = own.get(one.name);
    own.delete(one.name);
    return replaced ?? (disable.includes(one.name) ? [] : one);
  });
  return [...kept, ...own.values()];
}

/** Nothing of the operator's own. */
export const noSettings: AlertSettings = { disable: [], rule: [] };

/** Reads the file of an operator's rules; no file is none. Throws `node/bad-config` with the line. */
export function readRuleFile(path: string): AlertSettings {
  const text = readIfPresent(path)?.toString('utf8');
  if (text === undefined) return noSettings;
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw badRules(path, error.message.split('\n')[0] ?? 'not TOML', error.line);
  }
  const checked = checkSettings(parsed);
  if (checked.ok) return checked.value;
  const { reason } = checked;
  throw badRules(path, `${placeOf(reason)} must be ${reason.expected}`, lineOf(text, reason));
}

/** Writes them. */
export function writeRuleFile(path: string, { disable, rule }: AlertSettings): void {
  const rows = rule.map(({ forS, when, ...one }) => ({
    ...one,
    for_s: forS,
    when: when.map(({ overS, ...condition }) => ({ ...condition, over_s: overS })),
  }));
  writeDurably(
    path,
    `# Rules of alerts: docs/metrics.md. A rule with the name of a default replaces it.\n${stringify({ disable, rule: rows })}`,
  );
}

/** When the file was changed last; 0 where there is none. */
export function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Which key of which rule a fault is about, for people. */
export function placeOf({ rule, key }: RuleFault): string {
  return rule === undefined ? key || 'the whole' : `${key || 'all'} of rule ${rule + 1}`;
}

/** The line of a fault: that of its key below the header of its rule, else that of the header. */
function lineOf(text: string, { rule, key }: RuleFault): number | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const isKey = (line: string) => new RegExp(`(?:^|[{,\\s])"?${key}"?\\s*=`).test(line);
  if (rule === undefined) {
    const at = lines.findIndex((line) => isKey(line) || line === `[${key}]` || line === `[[${key}]]`);
    return at < 0 ? undefined : at + 1;
  }
  const headers = lines.flatMap((line, at) => (/^\[\[\s*rule\s*\]\]/.test(line) ? [at] : []));
  const [from, to = lines.length] = [headers[rule], headers[rule + 1]];
  if (from === undefined) return undefined;
  const at = key === '' ? -1 : lines.slice(from, to).findIndex(isKey);
  return at < 0 ? from + 1 : from + at + 1;
}

function badRules(path: string, what: string, line: number | undefined): NodeError {
  const place = line === undefined ? path : `${path}:${line}`;
  return new NodeError(
    {
      code: 'node/bad-config',
      file: path,
      ...(line === undefined ? {} : { line }),
      next: `correct ${place}`,
    },
    `${place}: ${what}`,
  );
}
