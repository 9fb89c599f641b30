export { array, map, optional, record } from './containers.ts';
export { bigint, bool, bytes, cid, int, link, literal, text, uint } from './scalars.ts';
export { union } from './union.ts';
