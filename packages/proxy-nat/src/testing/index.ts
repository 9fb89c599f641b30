export { type ChannelSubject, type ComplianceCase, channelCompliance } from './channel.ts';
export {
  checkLinearizable,
  type Linearizability,
  type Operation,
  type SequentialModel,
} from './linearizable.ts';
export { createMemoryLink, type LinkFaults, type MemoryLink } from './memory-link.ts';
