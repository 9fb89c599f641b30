export { documentPath, libraryFolder, packageFolder } from './paths.ts';
export { referenceOf } from './reference.ts';
