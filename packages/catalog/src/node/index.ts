export { openFolder } from './folder.ts';
export { linkTree, listTrees, openTreeFiles } from './trees.ts';
