export { findChromium, NO_CHROMIUM } from './chromium.ts';
export { openBrowser, type TestBrowser, type VisitOptions } from './open-browser.ts';
export type { Visit } from './visit.ts';
