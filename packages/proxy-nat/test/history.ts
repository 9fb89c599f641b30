import { sha256, toHex, utf8 } from '@hypermesh/core';
import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { createMemoryClient, faultIn, type RemoteMemory } from '../src/index.ts';
import { type Apply, apply } from '../src/server/apply.ts';
import { drained } from '../src/server/grants.ts';
import { createHome, type HomeParts } from '../src/server/home.ts';
import { createWindow } from '../src/server/window.ts';
import {
  checkLinearizable,
  createMemoryLink,
  type Linearizability,
  type MemoryLink,
  type Operation,
  type SequentialModel,
} from '../src/testing/index.ts';
import { operations } from '../src/wire/layout.ts';
import { createManualClock, createSeededRandom, network, simulate } from './support.ts';

const key = createSigner(generateKey(new Uint8Array(32).fill(5)).secretKey);

type Input =
  | { readonly kind: 'read'; readonly client: number }
  | { readonly kind: 'write'; readonly client: number; readonly value: string }
  | { readonly kind: 'cas'; readonly client: number; readonly expected: string; readonly desired: string }
  | { readonly kind: 'add'; readonly client: number; readonly delta: string }
  | { readonly kind: 'revoke'; readonly client: number };
/** A value, or `Revoked`; `done` where a success tells nothing. */
type Output = string;
interface State {
  readonly value: string;
  readonly revoked: number;
}

/** One register, an 8-byte word or a page, that clients use until their grant is revoked. */
export const register: SequentialModel<State, Input, Output> = {
  initial: { value: '0', revoked: 0 },
  step(state, input, output) {
    const bit = 2 ** input.client;
    const isRevoked = (state.revoked & bit) !== 0;
    if (input.kind === 'revoke') return { ...state, revoked: state.revoked | bit };
    if (output === 'Revoked') return isRevoked ? state : undefined;
    // What had no answer and comes after the revocation has no effect, which is as if it never came.
    if (isRevoked) return undefined;
    const is = (value: string) => output === undefined || output === value;
    const with_ = (value: string) => ({ ...state, value });
    switch (input.kind) {
      case 'read':
        return is(state.value) ? state : undefined;
      case 'write':
        return with_(input.value);
      case 'cas':
        return is(state.value) ? (state.value === input.expected ? with_(input.desired) : state) : undefined;
      case 'add':
        return is(state.value)
          ? with_(String(BigInt.asUintN(64, BigInt(state.value) + BigInt(input.delta))))
          : undefined;
      default:
        return input satisfies never;
    }
  },
  keyOf: ({ value, revoked }) => `${value}/${revoked}`,
};

/** Homes with one guarantee broken each. */
export const bugs: Readonly<
  Record<'no-drain' | 'applied-twice' | 'torn-page', (later: Later) => Partial<HomeParts>>
> = {
  'no-drain': () => ({ drained: async () => undefined }),
  'applied-twice': () => ({
    createWindow: () => ({ raise: () => undefined, known: () => 'new', keep: () => undefined }),
  }),
  'torn-page': (later) => ({ apply: torn(later) }),
};
type Later = (task: () => void) => void;

function torn(later: Later): Apply {
  return (memory, request, placeOf, answers) => {
    if (request.operation !== operations.write || request.bytes < 4096)
      return apply(memory, request, placeOf, answers);
    const place = placeOf(0);
    const half = Uint8Array.from(request.frame.subarray(request.data + 2048, request.data + 4096));
    memory.bytes.set(request.frame.subarray(request.data, request.data + 2048), place);
    later(() => memory.bytes.set(half, place + 2048));
    answers.begin(request.id, 0, 0);
    return new Uint8Array();
  };
}

/** What one seeded history came to. */
export interface Outcome {
  readonly verdict: Linearizability;
  readonly operations: number;
  readonly unknown: number;
  readonly revoked: number;
  /** Digest of the whole history: equal for equal seeds. */
  readonly digest: string;
}

const clients = 3;
/** Who reads the memory beside the clients, without a grant. */
const lender = 9;
const locations = ['word 0', 'word 8', 'page 4096'] as const;

/** Three clients use two words and a page over links that delay, lose, repeat, overtake and break, until they are revoked. */
export async function runHistory(seed: number, bug?: keyof typeof bugs): Promise<Outcome> {
  const clock = createManualClock(1_000_000);
  const random = createSeededRandom(seed);
  const later: Later = (task) => void clock.schedule(1 + random.below(30), task);
  const parts = { apply, createWindow, drained, ...(bug === undefined ? {} : bugs[bug](later)) };
  const arena = new ArrayBuffer(65_536);
  const server = createHome(
    { network, home: 'home', arena, limits: { drainMs: 2_000 } },
    { clock, random: random.fork('home'), key, verify, defer: later },
    parts,
  );
  const region = server.lend({ sizeBytes: 16_384, expiresMs: 1e12 });
  const links: MemoryLink[] = [];
  const history = new Map<string, Operation<Input, Output>[]>(locations.map((location) => [location, []]));
  let stamp = 0;
  let unknown = 0;
  let revoked = 0;

  async function record(location: string, input: Input, ask: () => Promise<Output>): Promise<void> {
    stamp += 1;
    const called = stamp;
    let output: Output | undefined;
    let isOpen = false;
    try {
      output = await ask();
    } catch (error) {
      const fault = faultIn(error);
      if (fault === undefined) throw error;
      const isApplied = (error as { failure: { isApplied?: string } }).failure.isApplied;
      if (isApplied === 'no' && fault !== 'Revoked') return;
      if (fault === 'Revoked') revoked += 1;
      isOpen = isApplied !== 'no';
      output = isOpen ? undefined : 'Revoked';
    }
    stamp += 1;
    if (isOpen) unknown += 1;
    const returned = isOpen ? Number.POSITIVE_INFINITY : stamp;
    history.get(location)?.push({ input, output, called, returned });
  }

  /** The lender looks into its own memory, at once. */
  function look(): void {
    const mapped = Buffer.from(arena, 0, region.sizeBytes);
    for (const location of locations) {
      const offset = Number(location.split(' ')[1]);
      const page = mapped.subarray(offset, offset + 4096);
      const uniform = page.every((byte) => byte === page[0]) ? String(page[0]) : 'torn';
      const output = isPage(location) ? uniform : String(mapped.readBigUInt64LE(offset));
      stamp += 2;
      const input = { kind: 'read', client: lender } as const;
      history.get(location)?.push({ input, output, called: stamp - 1, returned: stamp });
    }
  }

  const names = random.fork('values');
  const isPage = (location: string) => location.startsWith('page');
  async function access(memory: RemoteMemory, client: number): Promise<void> {
    const location = locations[random.below(locations.length)] ?? locations[0];
    const offset = Number(location.split(' ')[1]);
    const kind = random.below(isPage(location) ? 2 : 4);
    const value = names.below(200) + 1;
    if (kind === 0) {
      await record(location, { kind: 'read', client }, async () => {
        const bytes = await memory.read(offset, isPage(location) ? 4096 : 8);
        if (!isPage(location)) return String(Buffer.from(bytes).readBigUInt64LE());
        return bytes.every((byte) => byte === bytes[0]) ? String(bytes[0]) : 'torn';
      });
    } else if (kind === 1) {
      const bytes = isPage(location) ? Buffer.alloc(4096, value) : Buffer.alloc(8);
      if (!isPage(location)) bytes.writeBigUInt64LE(BigInt(value));
      await record(location, { kind: 'write', client, value: String(value) }, async () => {
        await memory.write(offset, bytes);
        return 'done';
      });
    } else if (kind === 2) {
      const expected = await memory.fetchAdd64(8192, 0n).catch(() => 0n);
      const change = {
        expected: expected === 0n ? BigInt(names.below(4)) : expected,
        desired: BigInt(value),
      };
      const input = {
        kind: 'cas',
        client,
        expected: String(change.expected),
        desired: String(value),
      } as const;
      await record(location, input, async () => String((await memory.cas64(offset, change)).before));
    } else {
      await record(location, { kind: 'add', client, delta: String(value) }, async () =>
        String(await memory.fetchAdd64(offset, BigInt(value))),
      );
    }
  }

  async function use(client: number): Promise<void> {
    const { grant, token } = region.grant({ grantee: `peer ${client}` });
    const memoryClient = createMemoryClient(
      {
        connect: async () => {
          const faults = { lossBp: 500, repeatBp: 500, fullBp: 3_000, delayMs: [1, 40] as const };
          const link = createMemoryLink({ clock, random: random.fork(`link ${links.length}`), ...faults });
          server.serve(link.home, `peer ${client}`);
          links.push(link);
          return link.client;
        },
        clock,
        random: random.fork(`client ${client}`),
      },
      { deadlineMs: 1_500, resendMs: 100, pauseMs: 10 },
    );
    const memory = await memoryClient.attach(token).catch(() => undefined);
    if (memory !== undefined) {
      const lane = async () => {
        for (let count = 0; count < 6; count += 1) await access(memory, client);
      };
      const end = async () => {
        await new Promise<void>((resolve) => clock.schedule(100 + random.below(400), resolve));
        stamp += 1;
        const called = stamp;
        await server.revoke(grant.id);
        stamp += 1;
        for (const operations_ of history.values())
          operations_.push({ input: { kind: 'revoke', client }, output: 'done', called, returned: stamp });
        look();
      };
      await Promise.all([lane(), lane(), client === 0 ? lane() : end()]);
    }
    memoryClient.close();
  }

  const cutting = (async () => {
    for (let count = 0; count < 3; count += 1) {
      await new Promise<void>((resolve) => clock.schedule(40 + random.below(200), resolve));
      links[random.below(Math.max(1, links.length))]?.cut();
    }
  })();
  await simulate(
    clock,
    Promise.all([...Array.from({ length: clients }, (_, client) => use(client)), cutting]),
  );

  look();
  let steps = 0;
  let count = 0;
  let verdict: Linearizability = { ok: true, steps };
  for (const each of history.values()) {
    count += each.length;
    const checked = checkLinearizable(register, each);
    steps += checked.steps;
    if (!checked.ok) verdict = checked;
  }
  const digest = toHex(
    sha256(
      utf8(
        JSON.stringify([...history], (_, value) => (value === Number.POSITIVE_INFINITY ? 'never' : value)),
      ),
    ),
  );
  return { verdict, operations: count, unknown, revoked, digest };
}
