import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import GithubSlugger from 'github-slugger';
import { marked, type Token } from 'marked';
import { type Finding, lineAt } from './finding.ts';
import type { Workspace } from './workspace.ts';

const pages = [
  '*.md',
  'docs/**/*.md',
  '{packages,apps,tools,examples}/*/*.md',
  '{packages,apps}/*/{docs,evidence}/*.md',
];

/**
 * Links of the documents that lead nowhere: a file or folder that is not there, a heading that is not in it, a path
 * out of the repository. Links to the web are not asked for; they must be https.
 */
export function checkLinks({ root }: Workspace): Finding[] {
  const anchors = new Map<string, ReadonlySet<string>>();
  const anchorsOf = (file: string) => {
    const known = anchors.get(file) ?? headingsOf(readFileSync(join(root, file), 'utf8'));
    anchors.set(file, known);
    return known;
  };
  return globSync(pages, { cwd: root })
    .filter((file) => !file.includes('node_modules'))
    .sort()
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return linksOf(text).flatMap((href) => {
        const message = judge(root, file, href, anchorsOf);
        return message === undefined ? [] : [{ file, line: lineAt(text, text.indexOf(href)), message }];
      });
    });
}

function judge(
  root: string,
  file: string,
  href: string,
  anchorsOf: (file: string) => ReadonlySet<string>,
): string | undefined {
  if (/^(?:https:|mailto:)/.test(href)) return undefined;
  if (/^[a-z][a-z0-9+.-]*:/i.test(href)) return `${href} is neither a path nor https`;
  const [path = '', anchor] = href.split('#');
  const target = path === '' ? file : relative(root, join(root, dirname(file), decodeURIComponent(path)));
  if (target.startsWith('..')) return `${href} leaves the repository`;
  if (!existsSync(join(root, target))) return `${href} leads to nothing`;
  if (anchor === undefined || !target.endsWith('.md') || statSync(join(root, target)).isDirectory())
    return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${href}: ${target} has no such heading`;
}

/** Where links and images of a document lead to, code left out. */
function linksOf(markdown: string): string[] {
  const found: string[] = [];
  void marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type === 'link' || token.type === 'image') found.push(String(token['href']));
  });
  return found;
}

/** The anchors that a code host makes of a document's headings. */
function headingsOf(markdown: string): ReadonlySet<string> {
  const slugger = new GithubSlugger();
  const found = new Set<string>();
  void marked.walkTokens(marked.lexer(markdown), (token: Token) => {
    if (token.type === 'heading') found.add(slugger.slug(plain(token['tokens'] ?? [])));
  });
  return found;
}

function plain(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if ('tokens' in token && token.tokens !== undefined) return plain(token.tokens);
      return 'text' in token ? String(token.text) : '';
    })
    .join('');
}
