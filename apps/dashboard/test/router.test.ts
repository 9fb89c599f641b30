import { expect, it } from 'vitest';
import type { Page } from '../src/app/page.ts';
import { matchPage, navOf } from '../src/app/router.ts';
import { packageLink } from '../src/pages/packages/links.ts';

const page = (path: string, isInNav = true): Page => ({
  path,
  title: path,
  ...(isInNav ? { nav: { section: 'Mesh', icon: 'ledger' } as const } : {}),
  load: () => Promise.reject(new Error('not loaded in this test')),
});
const pages = [
  page('/'),
  page('/ledger'),
  page('/ledger/block/:height', false),
  page('/packages/:name', false),
];

it.each([
  ['/', '/', {}],
  ['/ledger', '/ledger', {}],
  ['/ledger/', '/ledger', {}],
  ['/ledger/block/17', '/ledger/block/:height', { height: '17' }],
  ['/packages/a%2Fb', '/packages/:name', { name: 'a/b' }],
])('the path %s is the page %s', (path, expected, params) => {
  const found = matchPage(pages, path);
  expect([found?.page.path, found?.params]).toEqual([expected, params]);
});

it.each(['/nothing', '/ledger/block', '/ledger/block/1/2', '/packages/%E0%A4%A'])(
  'there is no page at %s',
  (path) => {
    expect(matchPage(pages, path)).toBeUndefined();
  },
);

it('the navigation marks the entry that a page lies below', () => {
  expect(navOf(pages, '/ledger/block/17')?.path).toBe('/ledger');
  expect(navOf(pages, '/')?.path).toBe('/');
  expect(navOf(pages, '/ledgers')).toBeUndefined();
});

it('the link to a package survives any name, and does not look like a file', () => {
  const link = packageLink('@scope/left.pad', '1.0.0+b');
  expect(link).toBe('/packages/%40scope%2Fleft%2Epad?version=1.0.0%2Bb');
  expect(matchPage(pages, new URL(link, 'http://x').pathname)?.params).toEqual({ name: '@scope/left.pad' });
});
