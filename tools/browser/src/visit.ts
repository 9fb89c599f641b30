import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright';

/** One open page and what went wrong in it. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  /**
   * What a sound page has none of, oldest first: errors it threw or printed, violations of its content-security
   * policy, and requests to other origins (which cannot succeed here), one sentence each.
   */
  problems(): Promise<string[]>;
  /** What axe finds against WCAG 2.2 A and AA and its best practices: rule, element and advice, one line each. */
  axe(): Promise<string[]>;
}

interface AxeFinding {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** Runs before any script of a page: keeps violations that the console may not show. */
const WATCH = `globalThis.__violations = [];
addEventListener('securitypolicyviolation', (event) =>
  globalThis.__violations.push(event.effectiveDirective + ' forbids ' + (event.blockedURI || 'inline') +
    ' at ' + event.sourceFile + ':' + event.lineNumber));`;

/** Also the size of targets (WCAG 2.2, 2.5.8), which axe leaves out by itself. */
const AXE_RUN =
  "axe.run({ rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations)";

/** Opens an empty page in `context` and watches it; `origins` are those it may ask. */
export async function createVisit(context: BrowserContext, origins: ReadonlySet<string>): Promise<Visit> {
  const seen: string[] = [];
  await context.addInitScript(WATCH);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => seen.push(`thrown: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && !origins.has(origin))
      seen.push(`request to elsewhere: ${request.url()}`);
  });
  return {
    page,
    problems: async () => {
      const violations = await page.evaluate<string[]>('globalThis.__violations');
      return [...seen, ...violations.map((text) => `policy: ${text}`)];
    },
    axe: async () => {
      if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(axeSource());
      const found = await page.evaluate<AxeFinding[]>(AXE_RUN);
      return found.flatMap(({ id, help, nodes }) =>
        nodes.map(
          ({ target, failureSummary = '' }) => `${id}: ${help}: ${target.join(' ')}: ${failureSummary}`,
        ),
      );
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

let source: string | undefined;

function axeSource(): string {
  source ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return source;
}
