import { join } from 'node:path';

/** The root folder of the repository, without a slash at its end. */
export const ROOT: string = join(import.meta.dirname, '../../..');
