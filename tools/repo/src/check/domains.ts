import type { Finding } from './finding.ts';
import { textsOf } from './source.ts';
import { filesOf, readText, type Workspace } from './workspace.ts';

const DOMAIN = /^hypermesh\/([a-z0-9-]+)\/[a-z0-9-]+(?:\/[a-z0-9-]+)*\/v\d+$/;

/** Domain strings, `hypermesh/<package>/<purpose>/v1`: each is written at one place, in the package that it names. */
export function checkDomains(workspace: Workspace): Finding[] {
  const places = workspace.members
    .filter(({ folder }) => !folder.startsWith('tools/'))
    .flatMap((member) =>
      filesOf(workspace, member, ['src']).flatMap((file) =>
        textsOf(file, readText(workspace, file))
          .filter(({ value }) => /^hypermesh\/.*\/v\d+$/.test(value))
          .map(({ value, line }) => ({ value, file, line, home: member.folder.split('/')[1] })),
      ),
    );
  const strange = places.flatMap(({ value, file, line, home }) => {
    const owner = DOMAIN.exec(value)?.[1];
    if (owner === home) return [];
    return [{ file, line, message: `the domain string ${value} should read hypermesh/${home}/<purpose>/v1` }];
  });
  const repeated = [...Map.groupBy(places, ({ value }) => value).values()].flatMap(([first, ...others]) =>
    others.map(({ value, file, line }) => ({
      file,
      line,
      message: `the domain string ${value} is also written at ${first?.file}:${first?.line}: import it`,
    })),
  );
  return [...strange, ...repeated];
}
