import { writeFileSync } from 'node:fs';
import { tree } from '../src/cli/commands.ts';
import { reference } from '../src/cli/reference.ts';

// node --conditions=@hypermesh/source apps/node/scripts/write-reference.ts
writeFileSync(new URL('../../../docs/cli.md', import.meta.url), reference(tree));
