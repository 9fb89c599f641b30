import { route } from '../table/route.ts';
import { count, flag, list, number, object, oneOf, optional, words } from '../table/shapes.ts';
import { Type } from '../table/type.ts';
import { scrubReport } from './content.ts';
import { alert } from './monitor.ts';

const member = object({
  name: words(),
  nodeId: words(),
  self: flag(),
  connected: flag(),
  address: optional(words()),
  carrier: optional(words()),
  kem: optional(words({ description: 'Key agreement of the session' })),
  signature: optional(words()),
});

const ledger = object({
  chain: words(),
  height: count(),
  view: count(),
  validators: count(),
  quorum: count(),
  faultsTolerated: count(),
  lastFinalityMs: optional(number({ minimum: 0 })),
  profile: words(),
  profileMeaning: words(),
});

const discovery = Type.Union([
  object({ state: Type.Literal('on'), peerId: words(), addresses: list(words()) }),
  object({ state: Type.Literal('off'), reason: words() }),
]);

const content = object({
  discovery,
  roots: count(),
  bytes: count(),
  lastScrub: optional(scrubReport),
});

const extension = object({
  id: words(),
  version: optional(words()),
  state: oneOf(['active', 'suspended', 'inactive', 'refused']),
  reason: optional(words()),
});

const phase = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

const phaseStatus = object({
  phase,
  name: words(),
  isReached: flag(),
  evidence: list(words(), { description: 'what shows that it is reached' }),
  missing: optional(words()),
  next: optional(words()),
});

const holdStatus = object({
  capability: oneOf([
    'sessions',
    'renewal',
    'ledger',
    'voting',
    'publishing',
    'clock',
    'new-work',
    'services',
  ]),
  state: oneOf(['held', 'refused'], { description: 'held: it goes on by itself with the evidence' }),
  why: words(),
  since: words({ description: 'ISO 8601' }),
  next: words(),
});

/** The node itself. */
export const nodeRoutes = {
  status: route({
    method: 'GET',
    path: '/v1/status',
    summary: 'What this node is, how far it has come, and whom it sees',
    input: object({}),
    output: object({
      name: words(),
      nodeId: words(),
      address: words({ description: 'Where it listens for other nodes; empty in phase 0' }),
      pid: count(),
      phase,
      phaseMeaning: words(),
      phases: list(phaseStatus),
      holds: list(holdStatus),
      certificateUntil: words({ description: 'ISO 8601; empty in phase 0' }),
      residentBytes: count(),
      peakResidentBytes: count(),
      uptimeMs: count(),
      members: list(member),
      ledger: optional(ledger),
      content: optional(content),
      extensions: list(extension),
      problem: optional(
        words({ description: 'Why there is no ledger and will be none before the next start' }),
      ),
      secondVotesSeen: count(),
      alerts: list(alert, { description: 'that are pending or fire, worst first' }),
      access: oneOf(['full', 'read'], { description: 'What the token of this call allows' }),
    }),
    early: true,
  }),
  invitations: route({
    method: 'GET',
    path: '/v1/invitations',
    summary: 'Lines that let further machines join; none on a node that founded nothing',
    input: object({}),
    output: object({ invitations: list(words()) }),
    early: true,
    secret: true,
  }),
};
