import { expect, test } from 'vitest';
import { createRelay, type RelayLeg } from '../src/index.ts';

/** A leg whose far end is driven by the test. */
function leg() {
  const incoming: (Uint8Array | undefined | Error)[] = [];
  let wake: () => void = () => undefined;
  const state = { written: [] as string[], isClosed: false, isAborted: false };
  const give = (piece: string | undefined | Error): void => {
    incoming.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
    wake();
  };
  const side: RelayLeg = {
    async read() {
      while (incoming.length === 0 && !state.isAborted)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const piece = state.isAborted ? new Error('aborted') : incoming.shift();
      if (piece instanceof Error) throw piece;
      return piece;
    },
    async write(bytes) {
      if (state.isAborted) throw new Error('aborted');
      state.written.push(Buffer.from(bytes).toString());
    },
    async closeWrite() {
      state.isClosed = true;
    },
    abort() {
      state.isAborted = true;
      wake();
    },
  };
  return { side, state, give };
}

const open = (relay: ReturnType<typeof createRelay>, id: string, from: string, to: string) => {
  const opened = relay.open({ id, from, to });
  if (!opened.ok) throw new Error(opened.reason);
  return opened.circuit;
};

test('bytes go both ways in order until both ends have closed, and are counted for whoever asked for the circuit', async () => {
  const relay = createRelay();
  const circuit = open(relay, '1', 'a', 'b');
  const [one, other] = [leg(), leg()];
  const joined = circuit.join(one.side, other.side);
  for (const piece of ['to', 'the', 'other', undefined]) one.give(piece);
  for (const piece of ['and back', undefined]) other.give(piece);
  await joined;
  expect(other.state.written).toEqual(['to', 'the', 'other']);
  expect(one.state.written).toEqual(['and back']);
  expect([one.state.isClosed, other.state.isClosed]).toEqual([true, true]);
  expect([circuit.bytes, relay.carried().get('a'), relay.carried().get('b')]).toEqual([18, 18, undefined]);
});

test('a way that breaks at one end breaks at the other, and the circuit goes on', async () => {
  const relay = createRelay();
  const circuit = open(relay, '1', 'a', 'b');
  const [one, other] = [leg(), leg()];
  const joined = circuit.join(one.side, other.side);
  one.give(new Error('reset'));
  await joined;
  expect([one.state.isAborted, other.state.isAborted]).toEqual([true, true]);
  expect(circuit.join(leg().side, leg().side)).toBeDefined();
});

test('a circuit that has carried its bytes ends with everything in it', async () => {
  const relay = createRelay({ limits: { bytesPerCircuit: 10 } });
  const circuit = open(relay, '1', 'a', 'b');
  const [one, other, idle, alsoIdle] = [leg(), leg(), leg(), leg()];
  const joined = circuit.join(one.side, other.side);
  const waits = circuit.join(idle.side, alsoIdle.side);
  one.give('1234567890');
  one.give('1');
  await Promise.all([joined, waits]);
  expect(other.state.written).toEqual(['1234567890']);
  expect([idle.state.isAborted, relay.find('1')]).toEqual([true, undefined]);
});

test('what goes beyond the bounds is refused by reason, and closing lets go of everything', () => {
  const relay = createRelay({ limits: { circuits: 2, circuitsEach: 1, waysPerCircuit: 1 } });
  const circuit = open(relay, '1', 'a', 'b');
  for (const [id, from, to, reason] of [
    ['1', 'c', 'b', 'exists'],
    ['2', 'a', 'c', 'too-many'],
    ['2', 'c', 'c', 'same-member'],
  ] as const)
    expect(relay.open({ id, from, to })).toEqual({ ok: false, reason });
  open(relay, '2', 'c', 'b');
  expect(relay.open({ id: '3', from: 'd', to: 'b' })).toEqual({ ok: false, reason: 'busy' });
  expect(['a', 'b', 'c'].map((member) => circuit.otherEnd(member))).toEqual(['b', 'a', undefined]);
  const [one, other] = [leg(), leg()];
  expect(circuit.join(one.side, other.side)).toBeDefined();
  expect(circuit.join(leg().side, leg().side)).toBeUndefined();
  relay.close();
  expect([one.state.isAborted, other.state.isAborted, relay.find('1')]).toEqual([true, true, undefined]);
  expect(circuit.join(leg().side, leg().side)).toBeUndefined();
  circuit.close();
});
