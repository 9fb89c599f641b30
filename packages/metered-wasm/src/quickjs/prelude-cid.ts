import { cidOf, utf8 } from '@hypermesh/core';
import { HOST_MODULE, PRELUDE } from './prelude.ts';

/** CID (raw, sha2-256) of the prelude and the host module: with the engine's they settle what a program meets. */
export const PRELUDE_CID: string = cidOf(utf8(`${PRELUDE}\n${HOST_MODULE}`), 'raw');
