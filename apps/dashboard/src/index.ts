/**
 * The folder of the built pages, ending in a slash: `index.html`, and files with a hash in their names below `files/`,
 * which never change. Every path that is not a file is a page of `index.html`.
 */
export const pagesFolder: URL = new URL('../dist/pages/', import.meta.url);
