import { PACKAGE_TYPES } from '@hypermesh/catalog';
import type { NodeId } from '@hypermesh/core';
import type { InstallReport, PublishReport } from '../../catalog/reports.ts';
import { reportInstall, reportPublish } from '../../catalog/reports.ts';
import type { MeshServices } from '../../services.ts';
import type { ServiceMethods } from './method.ts';
import { badParameter, text, texts } from './parameters.ts';

const nameIn =
  ({ members }: MeshServices) =>
  (node: NodeId) =>
    members.get(node)?.name ?? node;

/** Publishing, finding, installing and verifying packages: all through the loaded extension. */
export const catalogMethods: ServiceMethods = {
  async versions({ catalog }, { params, signal }) {
    return { versions: await catalog.versions(text(params, 'name'), signal) };
  },
  async publish(services, { params, tell, signal }): Promise<PublishReport> {
    const source = text(params, params['source'] === undefined ? 'folder' : 'source');
    return reportPublish(await services.catalog.publish(source, tell, signal), nameIn(services));
  },
  async install(services, { params, tell, signal }): Promise<InstallReport> {
    const specs = params['specs'] === undefined ? [text(params, 'spec')] : texts(params, 'specs');
    const { lock } = params;
    if (lock !== undefined && typeof lock !== 'string') throw badParameter('lock', 'the text of a lock file');
    const choice = {
      ...(lock === undefined ? {} : { lock }),
      ...(params['frozen'] === true ? { frozen: true } : {}),
    };
    return reportInstall(await services.catalog.install(specs, choice, tell, signal));
  },
  async search({ catalog }, { params, signal }) {
    const { type, verifiedOnly } = params;
    const known = PACKAGE_TYPES.find((each) => each === type);
    if (type !== undefined && known === undefined)
      throw badParameter('type', `one of ${PACKAGE_TYPES.join(', ')}`);
    const query = {
      ...(params['text'] === undefined ? {} : { text: text(params, 'text') }),
      ...(known === undefined ? {} : { type: known }),
      ...(verifiedOnly === false ? { verifiedOnly: false } : {}),
    };
    return { packages: await catalog.search(query, signal) };
  },
  info: ({ catalog }, { params, signal }) => catalog.info(text(params, 'spec'), signal),
  async list({ catalog }, { signal }) {
    return { packages: await catalog.installed(signal) };
  },
  async why({ catalog }, { params, signal }) {
    return { paths: await catalog.why(text(params, 'spec'), signal) };
  },
  verify: ({ catalog }, { params, signal }) =>
    catalog.verify(text(params, 'spec'), params['deep'] === true, signal),
  remove: ({ catalog }, { params, signal }) => catalog.remove(text(params, 'spec'), signal),
};
