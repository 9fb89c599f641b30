import { checkRecord, s } from '@hypermesh/core';
import type { Operation } from '../operation.ts';
import { areGroups, type PlotGroup, plotGroupsSchema } from './commitment.ts';

export const SPACE_COMMIT = 'space.commit';
const bodySchema = s.record({ groups: plotGroupsSchema });

/**
 * The groups that a `space.commit` registers, which its own space leg must answer for; none where its body is
 * unsound; undefined for every other kind of operation.
 */
export function registeredGroups(operation: Operation): readonly PlotGroup[] | undefined {
  if (operation.kind !== SPACE_COMMIT) return undefined;
  const body = checkRecord(bodySchema, operation.body);
  return body.ok && areGroups(body.value.groups) ? body.value.groups : [];
}
