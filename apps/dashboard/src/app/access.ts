import { signal } from '@preact/signals';

/** Whether the token of this window may change something; taken for so until the node has said that it only reads. */
export const mayAct = signal(true);
