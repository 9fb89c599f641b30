import type { Handlers } from './method.ts';

/** Content: looking after what is kept. */
export const contentHandlers: Handlers<'scrub'> = {
  scrub: ({ content }, { signal, tell }) => {
    tell('hashing every chunk again');
    return content.scrub(signal);
  },
};
