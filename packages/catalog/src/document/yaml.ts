import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import { type DocumentCode, type DocumentProblem, MAX_PROBLEMS } from './problems.ts';

/** A value of a document with its place. */
export interface Located {
  readonly path: string;
  /** Offset of the value in the text. */
  readonly at: number;
  readonly value: LocatedValue;
}

/** What a value of a document is. Numbers are as YAML 1.2's core schema reads them. */
export type LocatedValue =
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, LocatedEntry> }
  | { readonly kind: 'list'; readonly items: readonly Located[] }
  | { readonly kind: 'scalar'; readonly scalar: string | number | bigint | boolean | null };

/** An entry of a map: where its key is, and its value. */
export interface LocatedEntry {
  readonly keyAt: number;
  readonly item: Located;
}

/** Bounds of a document. */
export interface YamlLimits {
  readonly maxBytes: number;
  readonly maxValues: number;
}

const MAX_DEPTH = 24;
/** Open collections at which parsing ends: more than `MAX_DEPTH` values need, few enough for a parser that recurses. */
const MAX_OPEN = 4 * MAX_DEPTH;
const MAX_ALIASES = 32;
/** Signs of YAML's own that a value has at most, on average: each may cost a parser an error of a kilobyte. */
const SIGNS_A_VALUE = 5;
const SIGNS = new Set([...'\n\r[]{},:&*!?-#%|>"\'\\'].map((sign) => sign.charCodeAt(0)));

/** Collects problems with their places. */
export class Problems {
  readonly found: DocumentProblem[] = [];
  readonly #lines: LineCounter;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  /** Tells a problem at an offset of the text. */
  add(
    code: DocumentCode,
    { path, at }: { readonly path: string; readonly at: number },
    message: string,
  ): void {
    if (this.found.length >= MAX_PROBLEMS) return;
    const { line, col } = this.#lines.linePos(at);
    this.found.push({ code, line: Math.max(1, line), column: Math.max(1, col), path, message });
  }
}

/** What reading gives: the root, unless the text is no such document, and the problems so far. */
export interface YamlReading {
  readonly root: Located | undefined;
  readonly problems: Problems;
  /** Where lines begin, for problems told later. */
  readonly lines: LineCounter;
}

/** Refusal of the rest of a document; caught where the walk began. */
class Stop extends Error {}

/**
 * Reads one YAML document: core schema, no tags of others, no merge keys, keys are text and each at most once in a map,
 * bounded in bytes, values, depth and aliases. Never throws.
 */
export function readYaml(text: string, limits: YamlLimits): YamlReading {
  const lines = new LineCounter();
  const problems = new Problems(lines);
  const start = { path: '$', at: 0 };
  if (typeof text !== 'string') {
    lines.addNewLine(0);
    problems.add('not-yaml', start, 'a document is text');
    return { root: undefined, problems, lines };
  }
  if (text.length > limits.maxBytes || new TextEncoder().encode(text).length > limits.maxBytes) {
    lines.addNewLine(0);
    problems.add(
      'too-large',
      start,
      `a document has at most ${limits.maxBytes} bytes; leave out what is not needed`,
    );
    return { root: undefined, problems, lines };
  }
  if (isDense(text, limits.maxValues * SIGNS_A_VALUE)) {
    lines.addNewLine(0);
    problems.add(
      'too-many',
      start,
      'the document holds too many lines, lists and maps; leave out what is not needed',
    );
    return { root: undefined, problems, lines };
  }
  const [parsed, second] = compose(text, lines);
  if (parsed === undefined) {
    problems.add('too-deep', start, `the document is nested too deeply; ${MAX_DEPTH} levels are the most`);
    return { root: undefined, problems, lines };
  }
  if (second !== undefined) {
    const place = { path: '$', at: second.range?.[0] ?? 0 };
    problems.add('not-yaml', place, 'a second document begins here; keep one');
  }
  for (const { code, pos, message } of parsed.errors) {
    problems.add('not-yaml', { path: '$', at: pos[0] }, `${sentence(message)} (${code})`);
  }
  for (const { pos, message } of parsed.warnings) {
    problems.add('tag', { path: '$', at: pos[0] }, `${sentence(message)}; write the value without a tag`);
  }
  if (problems.found.length > 0) return { root: undefined, problems, lines };
  const walk = new Walk(problems, limits.maxValues);
  try {
    return { root: walk.locate(parsed.contents, '$', 0, 0), problems, lines };
  } catch (error) {
    if (error instanceof Stop) return { root: undefined, problems, lines };
    throw error;
  }
}

/** The first two documents of a text, their errors in them; none where it is nested deeper than anything that is read. */
function compose(text: string, lines: LineCounter): readonly Document[] {
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    uniqueKeys: false,
    prettyErrors: false,
    keepSourceTokens: false,
    logLevel: 'silent',
  });
  const found: Document[] = [];
  try {
    for (const each of composer.compose(tokensOf(text, lines), true, text.length)) {
      if (found.push(each) === 2) break;
    }
    return found;
  } catch (error) {
    if (error instanceof Stop) return [];
    throw error;
  }
}

/** The tokens of a text, as long as few collections are open at once: what composes them recurses. */
function* tokensOf(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MAX_OPEN) throw new Stop();
  }
  yield* parser.end();
}

/** Whether a text has more signs of structure than `most`: found before anything is built of them. */
function isDense(text: string, most: number): boolean {
  let signs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (SIGNS.has(text.charCodeAt(at))) signs += 1;
  }
  return signs > most;
}

function sentence(message: string): string {
  const line = message.split('\n')[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

class Walk {
  readonly #problems: Problems;
  readonly #anchors = new Map<string, Node>();
  #valuesLeft: number;
  #aliasesLeft = MAX_ALIASES;

  constructor(problems: Problems, maxValues: number) {
    this.#problems = problems;
    this.#valuesLeft = maxValues;
  }

  locate(node: unknown, path: string, fallbackAt: number, depth: number): Located {
    const at = (node as Node | null)?.range?.[0] ?? fallbackAt;
    const place = { path, at };
    this.#valuesLeft -= 1;
    if (this.#valuesLeft < 0) this.#stop('too-many', place, 'the document holds too many values');
    if (depth > MAX_DEPTH) {
      this.#stop('too-deep', place, `the document is nested too deeply; ${MAX_DEPTH} levels are the most`);
    }
    if (isAlias(node)) return { ...this.locate(this.#target(node, place), path, at, depth + 1), at };
    const located = { ...place, value: this.#value(node, place, depth) };
    if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    return located;
  }

  #value(node: unknown, place: { readonly path: string; readonly at: number }, depth: number): LocatedValue {
    const { path } = place;
    if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        this.locate(item, `${path}[${index}]`, place.at, depth + 1),
      );
      return { kind: 'list', items };
    }
    if (isMap(node)) {
      const entries = new Map<string, LocatedEntry>();
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? key.value : undefined;
        const keyAt = (key as Node | null)?.range?.[0] ?? place.at;
        if (typeof name !== 'string') {
          this.#problems.add('wrong-kind', { path, at: keyAt }, 'a key is text; put it in quotes');
          continue;
        }
        const itemPath = pathOf(path, name);
        if (entries.has(name)) {
          this.#problems.add(
            'duplicate-key',
            { path: itemPath, at: keyAt },
            'this key stands here twice; keep one',
          );
          continue;
        }
        entries.set(name, { keyAt, item: this.locate(value, itemPath, keyAt, depth + 1) });
      }
      return { kind: 'map', entries };
    }
    const scalar = isScalar(node) ? node.value : null;
    switch (typeof scalar) {
      case 'string':
      case 'number':
      case 'bigint':
      case 'boolean':
        return { kind: 'scalar', scalar };
      default:
        return { kind: 'scalar', scalar: null };
    }
  }

  #target(alias: Alias, place: { readonly path: string; readonly at: number }): Node {
    this.#aliasesLeft -= 1;
    if (this.#aliasesLeft < 0)
      this.#stop('alias', place, `more than ${MAX_ALIASES} aliases; write the values out`);
    const target = this.#anchors.get(alias.source);
    if (target === undefined)
      return this.#stop('alias', place, `nothing before this is named &${alias.source}`);
    return target;
  }

  #stop(code: DocumentCode, place: { readonly path: string; readonly at: number }, message: string): never {
    this.#problems.add(code, place, message);
    throw new Stop();
  }
}

/** The path of a value below another one; of a long key its first 80 characters. */
export function pathOf(path: string, key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(key)
    ? `${path}.${key}`
    : `${path}[${JSON.stringify(key.slice(0, 80))}]`;
}
