export type { App, ChainContext, FinalizedBlock, HeaderView, TxResult } from './ports.ts';
