import {
  CoreError,
  createReplaceable,
  HyperMeshError,
  hasCode,
  silentLog,
  silentMetrics,
} from '@hypermesh/core';
import { describe, expect, expectTypeOf, test } from 'vitest';

type DoorFailure = { readonly code: 'door/locked'; readonly door: string } | { readonly code: 'door/absent' };

describe('failures', () => {
  const cause = new Error('the key broke');
  const error = new HyperMeshError<DoorFailure>({ code: 'door/locked', door: 'a' }, 'door a is locked', {
    cause,
  });

  test('an error carries its failure as data, and only that leaves the process', () => {
    expect(error.code).toBe('door/locked');
    expect(error.cause).toBe(cause);
    expect(JSON.parse(JSON.stringify(error))).toEqual({ code: 'door/locked', door: 'a' });
    expect(structuredClone(error.failure)).toEqual(error.failure);
    expectTypeOf(error.code).toEqualTypeOf<'door/locked' | 'door/absent'>();
  });

  test('codes are told by value, whichever copy of the class made the error', () => {
    class OtherCopy extends Error {
      readonly code = 'door/locked';
    }
    expect([error, new OtherCopy()].every((caught) => hasCode(caught, 'door/locked'))).toBe(true);
    expect(
      [error, new Error('x'), { code: 'door/locked' }, null].some((c) => hasCode(c, 'door/absent')),
    ).toBe(false);
    expect(hasCode({ code: 'door/locked' }, 'door/locked')).toBe(false);
  });

  test('every failure of the core is an error of HyperMesh', () => {
    const own = new CoreError({ code: 'core/out-of-range', name: 'x' }, 'x');
    expect(own).toBeInstanceOf(HyperMeshError);
    expect([own.name, own.message]).toEqual(['CoreError', 'x']);
  });
});

describe('a replaceable value', () => {
  test('readers see the new value, listeners hear of it in order, until they leave', () => {
    const cell = createReplaceable(1);
    const heard: string[] = [];
    const leave = cell.subscribe((next) => heard.push(`a${next}:${cell.current()}`));
    cell.subscribe((next) => heard.push(`b${next}`));
    expect(cell.replace(2)).toEqual([]);
    leave();
    leave();
    cell.replace(3);
    expect(heard).toEqual(['a2:2', 'b2', 'b3']);
    expect(cell.current()).toBe(3);
  });

  test('a listener that throws hinders neither the exchange nor the others', () => {
    const cell = createReplaceable('old');
    const failure = new Error('deaf');
    const heard: string[] = [];
    cell.subscribe(() => {
      throw failure;
    });
    cell.subscribe((next) => heard.push(next));
    expect(cell.replace('new')).toEqual([failure]);
    expect([cell.current(), heard]).toEqual(['new', ['new']]);
  });

  test('listeners that come and go meanwhile disturb nothing', () => {
    const cell = createReplaceable(0);
    const heard: string[] = [];
    const leaveFirst = cell.subscribe(() => {
      leaveFirst();
      cell.subscribe((next) => heard.push(`late${next}`));
      heard.push('first');
    });
    cell.subscribe((next) => heard.push(`second${next}`));
    cell.replace(1);
    cell.replace(2);
    expect(heard).toEqual(['first', 'second1', 'second2', 'late2']);
  });
});

test('silent ports take anything and do nothing', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) silentLog[level]('event', { a: 1 });
  silentMetrics.count('things');
  silentMetrics.observe('things', 1, { a: 'b' });
});
