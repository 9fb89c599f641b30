import { decodeRecord, encodeRecord, record, type Schema, s, type Verdict } from '@hypermesh/core';
import type { Limit, NodeOffer } from '@hypermesh/executors';

const bytes = s.uint(Number.MAX_SAFE_INTEGER);
const limit = record({
  name: s.text(32),
  enforcement: s.text(16),
  how: s.text(200),
}) as unknown as Schema<Limit>;
const reason = record({
  asset: s.text(128),
  kind: s.text(64),
  code: s.text(64),
  rule: s.text(1_000),
  remedy: s.text(1_000),
  position: s.optional(s.uint(1_000_000)),
});

const schema = record({
  v: s.literal(1),
  node: s.text(128),
  name: s.text(64),
  available: s.array(
    record({
      types: s.array(s.text(64), 16),
      executor: s.text(256),
      limits: s.array(limit, 32),
      minPages: s.uint(65_536),
      maxPages: s.uint(65_536),
      grants: s.array(s.union(s.literal('clock'), s.literal('randomness')), 2),
    }),
    16,
  ),
  unavailable: s.array(record({ types: s.array(s.text(64), 16), reason: s.text(1_000) }), 16),
  host: record({
    architecture: s.text(32),
    millicores: bytes,
    memoryBytes: bytes,
    storageBytes: bytes,
    gpu: s.optional(record({ type: s.text(64), memoryBytes: bytes })),
  }),
  maxFuel: s.bigint(),
  maxMemoryPages: s.uint(65_536),
  maxDeadlineMs: s.uint(86_400_000),
  maxOutputBytes: bytes,
  refusals: s.array(reason, 16),
});

/** What a node offers to run, as it answers other members. */
export function encodeOffer({ node, name, capabilities, host, limits, refusals }: NodeOffer): Uint8Array {
  const available = capabilities.flatMap((each) => {
    if (!each.isAvailable) return [];
    const { types, executor, memoryPages, grants } = each;
    const { min: minPages, max: maxPages } = memoryPages;
    return [{ types, executor, limits: each.limits, minPages, maxPages, grants }];
  });
  const unavailable = capabilities.flatMap((each) =>
    each.isAvailable ? [] : [{ types: each.types, reason: each.reason.slice(0, 900).toWellFormed() }],
  );
  const { maxFuel, ...bounds } = limits;
  return encodeRecord(schema, {
    ...{ v: 1, node, name, available, unavailable, host, refusals },
    ...bounds,
    maxFuel: BigInt(maxFuel),
  });
}

/** Reads an offer from anybody. */
export function decodeOffer(encoded: Uint8Array): Verdict<{ offer: NodeOffer }> {
  const decoded = decodeRecord(schema, encoded, { maxBytes: 65_536 });
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  const { node, name, available, unavailable, host, refusals, ...bounds } = decoded.value;
  const { maxFuel, maxMemoryPages, maxDeadlineMs, maxOutputBytes } = bounds;
  const able = available.map(({ types, executor, limits, minPages, maxPages, grants }) => ({
    ...{ isAvailable: true as const, types, executor, limits, grants },
    memoryPages: { min: minPages, max: maxPages },
  }));
  const lame = unavailable.map((each) => ({ isAvailable: false as const, ...each }));
  const limits = { maxFuel: maxFuel.toString(), maxMemoryPages, maxDeadlineMs, maxOutputBytes };
  return { ok: true, offer: { node, name, capabilities: [...able, ...lame], host, limits, refusals } };
}
