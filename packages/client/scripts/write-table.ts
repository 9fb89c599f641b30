import { writeFileSync } from 'node:fs';
import { routes } from '../src/routes/table.ts';
import { pathsSource } from './paths-source.ts';
import { referenceSource } from './reference-source.ts';

writeFileSync(new URL('../src/table/paths.ts', import.meta.url), pathsSource(routes));
writeFileSync(new URL('../../../docs/api.md', import.meta.url), referenceSource(routes));
