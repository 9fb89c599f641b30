import { marked } from 'marked';

/** A page of HTML for a Markdown document, with its headings as a table of contents. */
// biome-ignore lint/style/noDefaultExport: what a mesh calls of a script is its default export
export default function page(input) {
  const markdown = typeof input === 'string' ? input : new TextDecoder().decode(input);
  const tokens = marked.lexer(markdown);
  const headings = tokens.filter(({ type }) => type === 'heading');
  const contents = headings.map(({ depth, text }) => `${'  '.repeat(depth - 1)}- ${text}`).join('\n');
  const body = marked.parser(tokens);
  const title = headings[0]?.text ?? 'Untitled';
  return `<!doctype html>\n<title>${title}</title>\n<nav>\n${marked.parse(contents)}</nav>\n<main>\n${body}</main>\n`;
}
