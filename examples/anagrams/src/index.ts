export { dataPath, wasmPath } from './paths.ts';
export { type AnagramReport, referenceOf } from './reference.ts';
