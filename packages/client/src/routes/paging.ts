import { count, nullable, optional, text } from '../table/shapes.ts';

/** How many entries of a list an answer holds, at most `maximum`. */
export const limit = (maximum: number) => optional(count({ minimum: 1, maximum, description: 'Default 50' }));

/** Where the page before ended, for lists whose entries have no number. */
export const before = (maxLength: number) =>
  optional(text({ maxLength, description: 'The `next` of the page before' }));

/** Where the next page begins, for lists whose entries have a number; null at the end. */
export const nextNumber = nullable(count({ description: '`before` of the next page' }));
