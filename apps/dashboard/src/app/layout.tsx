import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { faultOf } from '../data/fault.ts';
import { Questions } from '../parts/confirm.tsx';
import { FaultNote } from '../parts/notes.tsx';
import { PageHead } from '../parts/panel.tsx';
import { Toasts } from '../parts/toasts.tsx';
import { AccessLine, ConnectionLine } from './connection.tsx';
import { PhoneBar, Rail } from './navigation.tsx';
import type { Page, PageProps } from './page.ts';
import { matchPage, place } from './router.ts';

/** Everything around a page, and the page itself. */
export function Layout({ pages }: { readonly pages: readonly Page[] }) {
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <div class="layout">
        <Rail pages={pages} />
        <main id="main" class="main" tabIndex={-1}>
          <ConnectionLine />
          <AccessLine />
          <CurrentPage pages={pages} />
        </main>
        <PhoneBar pages={pages} />
      </div>
      <Questions />
      <Toasts />
    </>
  );
}

type Loaded = { readonly Page: ComponentType<PageProps> } | { readonly error: unknown };

const loaded = new Map<Page, Loaded>();

function CurrentPage({ pages }: { readonly pages: readonly Page[] }) {
  const { path, query } = place.value;
  const found = matchPage(pages, path);
  const page = found?.page;
  const [, drawAgain] = useState(0);
  const isFirst = useRef(true);
  const known = page === undefined ? undefined : loaded.get(page);

  useEffect(() => {
    document.title = `${page?.title ?? 'No such page'} · HyperMesh`;
    if (page === undefined || loaded.has(page)) return;
    const draw = (module: Loaded) => {
      loaded.set(page, module);
      drawAgain((times) => times + 1);
    };
    page.load().then(draw, (error: unknown) => draw({ error }));
  }, [page]);

  // A new page is announced: the focus goes to its heading. Not at the first one, which the browser announces.
  useEffect(() => {
    if (known === undefined && page !== undefined) return;
    if (!isFirst.current) document.querySelector<HTMLElement>('#main h1')?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path, known, page]);

  if (found === undefined || page === undefined) return <Lost path={path} />;
  if (known === undefined) return <p class="waiting">Loading …</p>;
  if ('error' in known)
    return (
      <FaultNote
        fault={{ ...faultOf(known.error), next: 'reload the page: the node may have been updated' }}
        onRetry={() => window.location.reload()}
      />
    );
  return <known.Page key={path} params={found.params} query={query} />;
}

function Lost({ path }: { readonly path: string }) {
  return (
    <>
      <PageHead title="No such page" lede={`There is nothing at ${path}.`} />
      <p>
        <a href="/">Go to the overview</a>
      </p>
    </>
  );
}
