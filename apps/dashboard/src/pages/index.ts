import type { Page } from '../app/page.ts';

/** Every page, in the order of the navigation; of two that match, the first. */
export const pages: readonly Page[] = [
  {
    path: '/',
    title: 'Overview',
    nav: { section: 'Mesh', icon: 'overview' },
    load: () => import('./overview/overview.tsx'),
  },
  {
    path: '/assets',
    title: 'Assets',
    nav: { section: 'Work', icon: 'assets' },
    load: () => import('./assets/assets.tsx'),
  },
  { path: '/assets/:asset', title: 'Asset', load: () => import('./assets/asset.tsx') },
  {
    path: '/packages',
    title: 'Packages',
    nav: { section: 'Work', icon: 'packages' },
    load: () => import('./packages/packages.tsx'),
  },
  { path: '/packages/:name', title: 'Package', load: () => import('./packages/package.tsx') },
];
