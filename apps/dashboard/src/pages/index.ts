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
    path: '/topology',
    title: 'Topology',
    nav: { section: 'Mesh', icon: 'topology' },
    load: () => import('./topology/topology.tsx'),
  },
  {
    path: '/ledger',
    title: 'Ledger',
    nav: { section: 'Mesh', icon: 'ledger' },
    load: () => import('./ledger/ledger.tsx'),
  },
  { path: '/ledger/block/:height', title: 'Block', load: () => import('./ledger/block.tsx') },
  { path: '/ledger/operation/:id', title: 'Operation', load: () => import('./ledger/operation.tsx') },
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
  {
    path: '/runs',
    title: 'Runs',
    nav: { section: 'Work', icon: 'runs' },
    load: () => import('./runs/runs.tsx'),
  },
  { path: '/runs/:lease', title: 'Run', load: () => import('./runs/run.tsx') },
  {
    path: '/transfers',
    title: 'Transfers',
    nav: { section: 'Work', icon: 'transfers' },
    load: () => import('./transfers/transfers.tsx'),
  },
  {
    path: '/memory',
    title: 'Memory',
    nav: { section: 'Work', icon: 'memory' },
    load: () => import('./memory/memory.tsx'),
  },
  {
    path: '/trust',
    title: 'Certificates',
    nav: { section: 'Trust and value', icon: 'trust' },
    load: () => import('./trust/trust.tsx'),
  },
  {
    path: '/wallet',
    title: 'Wallet',
    nav: { section: 'Trust and value', icon: 'wallet' },
    load: () => import('./wallet/wallet.tsx'),
  },
  {
    path: '/extensions',
    title: 'Extensions',
    nav: { section: 'This node', icon: 'extensions' },
    load: () => import('./extensions/extensions.tsx'),
  },
  { path: '/extensions/:id', title: 'Extension', load: () => import('./extensions/extension.tsx') },
  {
    path: '/monitor',
    title: 'Metrics and alerts',
    nav: { section: 'This node', icon: 'metrics' },
    load: () => import('./metrics/metrics.tsx'),
  },
  {
    path: '/logs',
    title: 'Logs',
    nav: { section: 'This node', icon: 'logs' },
    load: () => import('./logs/logs.tsx'),
  },
];
