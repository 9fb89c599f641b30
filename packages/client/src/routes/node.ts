import { Type } from 'typebox';
import { route } from '../table/route.ts';
import { object, oneOf } from '../table/shapes.ts';

const count = Type.Integer({ minimum: 0 });

const member = object({
  name: Type.String(),
  nodeId: Type.String(),
  self: Type.Boolean(),
  connected: Type.Boolean(),
  address: Type.Optional(Type.String()),
  carrier: Type.Optional(Type.String()),
  kem: Type.Optional(Type.String()),
  signature: Type.Optional(Type.String()),
});

const ledger = object({
  chain: Type.String(),
  height: count,
  view: count,
  validators: count,
  quorum: count,
  faultsTolerated: count,
  lastFinalityMs: Type.Optional(Type.Number({ minimum: 0 })),
  profile: Type.String(),
  profileMeaning: Type.String(),
});

const scrubReport = Type.Record(Type.String(), Type.Unknown());

const content = object({
  discovery: Type.Record(Type.String(), Type.Unknown()),
  roots: count,
  bytes: count,
  lastScrub: Type.Optional(scrubReport),
});

const extension = object({
  id: Type.String(),
  version: Type.Optional(Type.String()),
  state: oneOf(['active', 'suspended', 'refused']),
  reason: Type.Optional(Type.String()),
});

const phase = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

const phaseStatus = object({
  phase,
  name: Type.String(),
  isReached: Type.Boolean(),
  evidence: Type.Array(Type.String(), { description: 'what shows that it is reached' }),
  missing: Type.Optional(Type.String()),
  next: Type.Optional(Type.String()),
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
  why: Type.String(),
  since: Type.String({ description: 'ISO 8601' }),
  next: Type.String(),
});

/** The node itself. */
export const nodeRoutes = {
  status: route({
    method: 'GET',
    path: '/v1/status',
    summary: 'What this node is, how far it has come, and whom it sees',
    input: object({}),
    output: object({
      name: Type.String(),
      nodeId: Type.String(),
      address: Type.String(),
      pid: count,
      phase,
      phaseMeaning: Type.String(),
      phases: Type.Array(phaseStatus),
      holds: Type.Array(holdStatus),
      certificateUntil: Type.String(),
      residentBytes: count,
      peakResidentBytes: count,
      uptimeMs: count,
      members: Type.Array(member),
      ledger: Type.Optional(ledger),
      content: Type.Optional(content),
      extensions: Type.Array(extension),
      problem: Type.Optional(Type.String()),
      secondVotesSeen: count,
    }),
    early: true,
  }),
  invitations: route({
    method: 'GET',
    path: '/v1/invitations',
    summary: 'Lines that let further machines join; none on a node that founded nothing',
    input: object({}),
    output: object({ invitations: Type.Array(Type.String()) }),
    early: true,
    secret: true,
  }),
};
