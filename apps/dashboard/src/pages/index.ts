import type { Page } from '../app/page.ts';

/** Every page, in the order of the navigation; of two that match, the first. */
export const pages: readonly Page[] = [
  {
    path: '/',
    title: 'Overview',
    nav: { section: 'Mesh', icon: 'overview' },
    load: () => import('./overview/overview.tsx'),
  },
];
