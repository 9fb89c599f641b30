import { writeFileSync } from 'node:fs';
import { metricsPage } from '../src/monitor/table/document.ts';

// node --conditions=@hypermesh/source apps/node/scripts/write-metrics.ts
writeFileSync(new URL('../../../docs/metrics.md', import.meta.url), metricsPage());
