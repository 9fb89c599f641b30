export { openFileJournal } from './file.ts';
