import { writeFileSync } from 'node:fs';
import { routes } from '../src/routes/table.ts';
import { pathsSource } from './paths-source.ts';

writeFileSync(new URL('../src/table/paths.ts', import.meta.url), pathsSource(routes));
