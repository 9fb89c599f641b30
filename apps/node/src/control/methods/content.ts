import type { ServiceMethods } from './method.ts';

/** Content: looking after what is kept. */
export const contentMethods: ServiceMethods = {
  scrub: ({ content }, { signal, tell }) => {
    tell('hashing every chunk again');
    return content.scrub(signal);
  },
};
