import type { Input } from '@hypermesh/client';
import type { NodeId } from '@hypermesh/core';
import { reportInstallPlan } from '../../catalog/install-plan.ts';
import { reportInstall, reportPublish } from '../../catalog/reports.ts';
import type { MeshServices } from '../../services.ts';
import type { Handlers } from './method.ts';
import { badParameter } from './parameters.ts';

const nameIn =
  ({ members }: MeshServices) =>
  (node: NodeId) =>
    members.get(node)?.name ?? node;

/** Publishing, finding, installing and verifying packages: all through the loaded extension. */
export const catalogHandlers: Handlers<
  | 'versions'
  | 'publish'
  | 'install'
  | 'plan-install'
  | 'search'
  | 'info'
  | 'list'
  | 'why'
  | 'verify'
  | 'remove'
> = {
  async versions({ catalog }, { params, signal }) {
    return { versions: await catalog.versions(params.name, signal) };
  },
  async publish(services, { params, tell, signal }) {
    const source = params.source ?? params.folder;
    if (source === undefined) throw badParameter('source', 'a folder, or a source such as npm:NAME@VERSION');
    return reportPublish(await services.catalog.publish(source, tell, signal), nameIn(services));
  },
  async install({ catalog }, { params, tell, signal }) {
    const { specs, ...choice } = wantedOf(params);
    return reportInstall(await catalog.install(specs, choice, tell, signal));
  },
  async 'plan-install'({ catalog, content }, { params, tell, signal }) {
    const { specs, ...choice } = wantedOf(params);
    const plan = await catalog.plan(specs, choice, tell, signal);
    return reportInstallPlan(plan, { catalog, content }, { ...choice, signal });
  },
  async search({ catalog }, { params, signal }) {
    const { verifiedOnly, ...query } = params;
    const found = await catalog.search(
      { ...query, ...(verifiedOnly === false ? { verifiedOnly } : {}) },
      signal,
    );
    return { packages: found };
  },
  info: ({ catalog }, { params, signal }) => catalog.info(params.spec, signal),
  async list({ catalog }, { signal }) {
    return { packages: await catalog.installed(signal) };
  },
  async why({ catalog }, { params, signal }) {
    return { paths: await catalog.why(params.spec, signal) };
  },
  verify: ({ catalog }, { params, signal }) => catalog.verify(params.spec, params.deep === true, signal),
  remove: ({ catalog }, { params, signal }) => catalog.remove(params.spec, signal),
};

function wantedOf({ specs, spec, lock, frozen }: Input<'install'>) {
  const wanted = specs ?? (spec === undefined ? undefined : [spec]);
  if (wanted === undefined) throw badParameter('specs', 'a list of packages, NAME or NAME@RANGE');
  return {
    specs: wanted,
    ...(lock === undefined ? {} : { lock }),
    ...(frozen === true ? { frozen: true } : {}),
  };
}
