import type { NodeId } from '@hypermesh/core';
import { runPage, runRecord } from '../../run/answers.ts';
import type { MeshServices } from '../../services.ts';
import type { Handlers } from './method.ts';
import { memberOf } from './parameters.ts';

const nameIn =
  ({ members }: MeshServices) =>
  (node: NodeId) =>
    members.get(node)?.name ?? node;

/** Runs that this node asked for and those it executed. */
export const runsHandlers: Handlers<'runs' | 'run-record' | 'rerun'> = {
  runs: (services, { params }) => runPage(services.runLookup, nameIn(services), params),
  'run-record': (services, { params }) =>
    runRecord(services.runLookup, nameIn(services), params.lease, params.role),
  rerun(services, { params: { lease, on }, tell, signal }) {
    const asked = { lease, ...(on === undefined ? {} : { on: memberOf(services, on) }) };
    return services.rerun(asked, tell, signal);
  },
};
