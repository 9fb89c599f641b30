import { sha256, toHex, utf8 } from '@hypermesh/core';
import type { Message } from '../engine/message.ts';
import { ChaosValidator } from './chaos.ts';
import type { Violation } from './invariants.ts';
import type { SimulationOptions } from './scenario.ts';
import { SimulatedValidator } from './simulated-validator.ts';
import { type Participant, World } from './world.ts';

/** What a run showed. */
export interface SimulationReport {
  readonly seed: number;
  /** Empty if agreement held throughout and, where it was expected, progress came back. */
  readonly violations: readonly Violation[];
  /** Highest view that an honest validator reached. */
  readonly views: number;
  /** Height up to which all honest validators have the same final blocks. */
  readonly height: number;
  readonly messages: number;
  readonly crashes: number;
  readonly virtualMs: number;
  /** From the sending of a block to its finality, for each honest validator and block. */
  readonly finalityMs: readonly number[];
  /** Between the sendings of successive final blocks. */
  readonly intervalMs: readonly number[];
  /** SHA-256 over everything that was delivered and everything that became final. */
  readonly stateHash: string;
}

/** Blocks that must become final after the faults have ended, and the time for it in message delays. */
const CALM_BLOCKS = 3;
const CALM_DELAYS = 2_000;

/**
 * Runs validators on the real engine in virtual time, watches them from outside, ends the faults and looks for
 * progress. Single-threaded and deterministic.
 */
export function simulate(options: SimulationOptions): SimulationReport {
  const world = new World(options);
  const honest: SimulatedValidator[] = [];
  for (let index = 0; index < world.validators; index += 1) {
    world.participants.push(createParticipant(world, index, honest));
  }
  for (const validator of honest) validator.start();
  const untilMs = options.untilMs ?? options.views * world.links.delayMs * 500;
  const highestView = (): number => honest.reduce((view, { state }) => Math.max(view, state.view), 0);
  while (highestView() < options.views && world.nowMs < untilMs && isSafe(world)) if (!world.turn()) break;
  const views = highestView();
  if (isSafe(world) && options.expectProgress !== false) calm(world, honest);
  return {
    seed: options.seed,
    violations: world.invariants.violations,
    views,
    height: honest.reduce((height, { head }) => Math.min(height, head.height), Number.POSITIVE_INFINITY),
    messages: world.messages,
    crashes: honest.reduce((sum, { crashes }) => sum + crashes, 0),
    virtualMs: world.nowMs,
    finalityMs: world.latencies,
    intervalMs: intervals(world),
    stateHash: hashOf(world, honest),
  };
}

function isSafe(world: World): boolean {
  return world.invariants.violations.length === 0;
}

/** No more faults: every honest validator must finalize more blocks than any had before. */
function calm(world: World, honest: readonly SimulatedValidator[]): void {
  world.isCalm = true;
  for (const validator of honest) validator.start();
  const goal = honest.reduce((height, { head }) => Math.max(height, head.height), 0) + CALM_BLOCKS;
  const endMs = world.nowMs + CALM_DELAYS * world.links.delayMs;
  const behind = (): SimulatedValidator | undefined => honest.find(({ head }) => head.height < goal);
  while (behind() !== undefined && world.nowMs < endMs && isSafe(world)) if (!world.turn()) break;
  const late = behind();
  if (late === undefined || !isSafe(world)) return;
  world.invariants.violations.push({ kind: 'stalled', height: late.head.height, goal, node: late.index });
}

function createParticipant(world: World, index: number, honest: SimulatedValidator[]): Participant {
  const { options, random } = world;
  const strategy = options.byzantine?.[index];
  switch (strategy) {
    case 'silent':
      return { receive() {} };
    case 'chaos':
      return new ChaosValidator(world, index);
    case 'withhold': {
      const says = (_to: number, message: Message): boolean =>
        message.type !== 'vote' || random.below(2) === 0;
      return begun(world, new SimulatedValidator(world, index, { isHonest: false, says }));
    }
    case 'twins':
      return createTwins(world, index);
    case undefined: {
      const { crashes } = options;
      const validator = new SimulatedValidator(world, index, {
        isHonest: true,
        ...(crashes === undefined ? {} : { crashChance: crashes.chance }),
        ...(crashes?.lostLog === undefined || index > 0 ? {} : { lostLogChance: crashes.lostLog }),
      });
      honest.push(validator);
      return validator;
    }
    default:
      return strategy satisfies never;
  }
}

function begun(world: World, validator: SimulatedValidator): SimulatedValidator {
  world.schedule(0, () => validator.start());
  return validator;
}

/** Two validators with one key; who hears which changes again and again. */
function createTwins(world: World, index: number): Participant {
  const slotMs = world.links.delayMs * 7;
  const side = (peer: number): number => {
    const slot = Math.floor(world.nowMs / slotMs);
    return (Math.imul(slot + 1, 0x9e37_79b1) ^ Math.imul(peer + 1, 0x85eb_ca6b) ^ options.seed) >>> 7;
  };
  const { options } = world;
  const hears = (twin: number, peer: number): boolean => side(peer) % 3 === 2 || side(peer) % 3 === twin;
  const twins = [0, 1].map((twin) =>
    begun(world, new SimulatedValidator(world, index, { isHonest: false, says: (to) => hears(twin, to) })),
  );
  return {
    receive(from, message) {
      twins.forEach((validator, twin) => {
        if (hears(twin, from)) validator.receive(from, message);
      });
    },
  };
}

function intervals({ invariants, proposedAt }: World): number[] {
  const times = [...invariants.finalized.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, id]) => proposedAt.get(id))
    .filter((time) => time !== undefined);
  return times.slice(1).map((time, index) => time - (times[index] as number));
}

function hashOf(world: World, honest: readonly SimulatedValidator[]): string {
  const finalized = [...world.invariants.finalized.entries()].map(([height, id]) => `${height}:${id}`).join();
  const heads = honest.map(({ head, state }) => `${head.id}/${state.view}`).join();
  return toHex(sha256(utf8(`${world.hash};${world.nowMs};${world.messages};${finalized};${heads}`)));
}
