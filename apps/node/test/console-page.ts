import { readFileSync } from 'node:fs';

/** One thing to do on one machine, with the answer that the page shows. */
export interface Step {
  readonly machine: string;
  readonly command: string;
  /** Lines of the answer as they stand on the page. */
  readonly answer: readonly string[];
  /** Line of the page, from 1. */
  readonly line: number;
}

/** A file that the page shows, to be written before the steps behind it. */
export interface ShownFile {
  readonly machine: string;
  readonly path: string;
  readonly text: string;
}

/** The `console` blocks and the files of a page, in its order. */
export function readPage(url: URL): readonly (Step | ShownFile)[] {
  const lines = readFileSync(url, 'utf8').split('\n');
  const found: (Step | ShownFile)[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\w+)(?: file=(\w+)\/(\S+))?$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const end = lines.indexOf('```', at + 1);
    const body = lines.slice(at + 1, end);
    const [, language, machine, path] = fence;
    if (language === 'console') found.push(...stepsIn(body, at + 2));
    else if (machine !== undefined && path !== undefined)
      found.push({ machine, path, text: `${body.join('\n')}\n` });
    at = end;
  }
  return found;
}

function stepsIn(body: readonly string[], firstLine: number): readonly Step[] {
  const steps: { machine: string; command: string; answer: string[]; line: number }[] = [];
  for (const [index, text] of body.entries()) {
    const typed = /^([a-z]+)\$ (.*)$/.exec(text);
    if (typed === null) steps.at(-1)?.answer.push(text);
    else
      steps.push({ machine: typed[1] ?? '', command: typed[2] ?? '', answer: [], line: firstLine + index });
  }
  return steps;
}

/** Words of the page that stand for what a command answered. */
const placeholders = /\b(?:INVITATION-\d|ROOT|DIGEST|LEASE|CHARGE|ADDRESS|GRANT)\b/g;

/** What the placeholders stand for so far. */
export type Known = Map<string, string>;

/** A line of the page with what its placeholders stand for. Throws where one was never answered. */
export function filled(text: string, known: Known): string {
  return text.replace(placeholders, (name) => {
    const value = known.get(name);
    if (value === undefined) throw new Error(`${name} is nowhere answered before: ${text}`);
    return value;
  });
}

/**
 * Compares an answer with the page, whole: `…` on a line of its own stands for any lines, inside a line for any text, and a
 * placeholder that is new for one word, which it stands for from then on. Answers whether it fits.
 */
export function fits(answer: readonly string[], output: string, known: Known): boolean {
  const fresh: string[] = [];
  const lines = answer.map((line) => {
    if (line === '…') return '(?:.*\\n)*?';
    const text = line
      .split(/(…)/)
      .map((part) => {
        if (part === '…') return '.*';
        return part
          .split(new RegExp(`(${placeholders.source})`))
          .map((word) => {
            if (!new RegExp(`^${placeholders.source}$`).test(word)) return escaped(word);
            const value = known.get(word);
            if (value !== undefined) return escaped(value);
            if (fresh.includes(word)) return `\\k<${groupOf(word)}>`;
            fresh.push(word);
            return `(?<${groupOf(word)}>[^\\s/]+)`;
          })
          .join('');
      })
      .join('');
    return `${text}\\n`;
  });
  const found = new RegExp(`^${lines.join('')}$`).exec(output);
  if (found === null) return false;
  for (const name of fresh) known.set(name, found.groups?.[groupOf(name)] ?? '');
  return true;
}

const groupOf = (name: string): string => name.replace('-', '_');

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
