import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { firstExample } from '../readme/example.ts';
import type { Finding } from './finding.ts';
import { isLibrary, readText, type Workspace } from './workspace.ts';

/** The sections of a package's README, in their order. Any may be absent; none comes twice, and no other is there. */
const SECTIONS: readonly string[] = [
  'Install',
  'Example',
  'What it needs',
  'What it gives',
  'Failures',
  'Guarantees and limits',
  'Not there yet',
  'Numbers',
  'References',
];

/** READMEs of libraries: name, one sentence, sections in order, a first example in TypeScript. */
export function checkReadmes(workspace: Workspace): Finding[] {
  return workspace.members.filter(isLibrary).flatMap(({ folder, manifest }) => {
    const file = `${folder}/README.md`;
    if (!existsSync(join(workspace.root, file))) return [{ file, message: 'is missing' }];
    return judgeReadme(readText(workspace, file), manifest.name).map((fault) => ({ file, ...fault }));
  });
}

/** What is wrong with the text of one README. */
function judgeReadme(markdown: string, name: string): { line?: number; message: string }[] {
  const lines = withoutFences(markdown).split('\n');
  const faults: { line?: number; message: string }[] = [];
  if (lines[0] !== `# ${name}`) faults.push({ line: 1, message: `the first line should be "# ${name}"` });
  const start = lines.findIndex((line) => line.startsWith('## '));
  const opening = lines.slice(1, start === -1 ? undefined : start).join('\n');
  if (opening.trim() === '') faults.push({ line: 2, message: 'one sentence should say what it is' });
  let last = -1;
  lines.forEach((line, index) => {
    const title = /^## (.+?)\s*$/.exec(line)?.[1];
    if (title === undefined) return;
    const place = SECTIONS.indexOf(title);
    if (place === -1) {
      faults.push({
        line: index + 1,
        message: `"${title}" is not a section; they are: ${SECTIONS.join(', ')}`,
      });
    } else if (place <= last) {
      faults.push({ line: index + 1, message: `"${title}" comes after "${SECTIONS[last]}"` });
    } else last = place;
  });
  if (firstExample(markdown) === undefined)
    faults.push({ message: 'there is no ```ts example that could run' });
  return faults;
}

/** Code blocks blanked out, line for line, so that a heading inside one does not count. */
function withoutFences(markdown: string): string {
  return markdown.replace(/^```.*\n[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ''));
}
