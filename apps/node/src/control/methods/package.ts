import type { ServiceMethods } from './method.ts';
import { text } from './parameters.ts';

/** Publishing, finding and installing packages. */
export const packageMethods: ServiceMethods = {
  async versions({ packages }, { params }) {
    return { versions: packages.versions(text(params, 'name')) };
  },
  publish: ({ packages }, { params, tell, signal }) => packages.publish(text(params, 'folder'), tell, signal),
  install: ({ packages }, { params, tell, signal }) => packages.install(text(params, 'spec'), tell, signal),
};
