import { type Browser, chromium } from 'playwright';
import { findChromium, launchOptions, NO_CHROMIUM } from './chromium.ts';
import { createVisit, type Visit } from './visit.ts';

export interface VisitOptions {
  /** Of the window, in CSS pixels; 1280 by 800 where not said. */
  width?: number;
  height?: number;
  /** Light where not said. */
  colorScheme?: 'light' | 'dark';
  /** No animation where not said, so that what a test sees stands still. */
  motion?: 'reduce' | 'no-preference';
  /** Further origins that the page may ask; its own is always among them. */
  origins?: readonly string[];
}

/** A Chromium without a window, for the tests of one file. Disposing it ends the process. */
export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
  /** Opens `url` in a profile of its own and resolves when its document is loaded. */
  visit(url: string, options?: VisitOptions): Promise<Visit>;
}

/** Starts Debian's Chromium (or what CHROMIUM names). Throws where there is none: ask `findChromium` and skip. */
export async function openBrowser(): Promise<TestBrowser> {
  const path = findChromium();
  if (path === undefined) throw new Error(NO_CHROMIUM);
  const browser = await chromium.launch(launchOptions(path));
  return {
    browser,
    visit: async (url, options = {}) => {
      const { width = 1280, height = 800, colorScheme = 'light', motion = 'reduce', origins = [] } = options;
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme,
        reducedMotion: motion,
        locale: 'en-GB',
        timezoneId: 'UTC',
      });
      const visit = await createVisit(context, new Set([new URL(url).origin, ...origins]));
      await visit.page.goto(url);
      return visit;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
