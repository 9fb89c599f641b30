import { isLoopback } from './config.ts';
import { pagesName } from './site.ts';

/** The link to the dashboard. The token stands behind the #, which browsers keep to themselves. */
export function dashboardLink(url: string, token: string, page = ''): string {
  const { hostname, port } = new URL(url);
  const name = isLoopback(hostname.replace(/^\[|\]$/g, '')) ? pagesName : hostname;
  return `http://${name}:${port}/${page}#token=${token}`;
}
