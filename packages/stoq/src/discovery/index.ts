export { type Discovery, type DiscoveryOptions, libp2pDiscovery } from './libp2p.ts';
export type { Provider } from './providers.ts';
