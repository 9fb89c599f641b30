import { route } from '../table/route.ts';
import { count, list, object, words } from '../table/shapes.ts';

/** What hashing everything again found. */
export const scrubReport = object({
  roots: count(),
  chunks: count(),
  damaged: count(),
  missing: count(),
  repaired: count({ description: 'Roots that were made whole again' }),
  lost: list(object({ root: words(), chunks: list(words()) })),
});

/** Content: looking after what is kept. */
export const contentRoutes = {
  scrub: route({
    method: 'POST',
    path: '/v1/content/scrub',
    summary: 'Hash everything that is kept again, and mend what is damaged',
    input: object({}),
    output: scrubReport,
    progress: true,
  }),
};
