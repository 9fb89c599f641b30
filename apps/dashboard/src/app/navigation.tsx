import { useSignal } from '@preact/signals';
import { Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { ConnectionState } from './connection.tsx';
import { type Page, sections } from './page.ts';
import { navOf, place } from './router.ts';
import { ThemeSwitch } from './theme-switch.tsx';

/** Pages in the bar of a phone; the others are behind its last button. */
const onPhone = ['/', '/ledger', '/assets', '/runs'];

/** The rail of a wide screen. */
export function Rail({ pages }: { readonly pages: readonly Page[] }) {
  return (
    <header class="rail">
      <a class="mark" href="/">
        <img src={markUrl} alt="" width="22" height="22" />
        HyperMesh
      </a>
      <nav aria-label="Pages">
        <Entries pages={pages} />
      </nav>
      <div class="rail-foot">
        <ConnectionState />
        <ThemeSwitch />
      </div>
    </header>
  );
}

const markUrl = new URL('../design/mark.svg', import.meta.url).href;

/** The bar below the page on a narrow screen, with a sheet of everything else. */
export function PhoneBar({ pages }: { readonly pages: readonly Page[] }) {
  const isOpen = useSignal(false);
  const current = navOf(pages, place.value.path);
  const close = () => {
    isOpen.value = false;
  };
  return (
    <>
      <nav class="phone-bar" aria-label="Main pages">
        {pages
          .filter(({ path }) => onPhone.includes(path))
          .map((page) => (
            <Entry key={page.path} page={page} isCurrent={page === current} />
          ))}
        <button
          type="button"
          class="nav-entry"
          aria-haspopup="dialog"
          onClick={() => {
            isOpen.value = true;
          }}
        >
          <Icon name="menu" />
          <span>More</span>
        </button>
      </nav>
      {isOpen.value ? (
        <Dialog title="Pages" isSheet onClose={close}>
          {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: closes after a link in it, whatever brought the click */}
          <div
            onClick={(event) =>
              event.target instanceof Element && event.target.closest('a') !== null && close()
            }
          >
            <nav aria-label="All pages">
              <Entries pages={pages} />
            </nav>
          </div>
          <div class="rail-foot">
            <ConnectionState />
            <ThemeSwitch />
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function Entries({ pages }: { readonly pages: readonly Page[] }) {
  const current = navOf(pages, place.value.path);
  return (
    <>
      {sections.map((section) => {
        const entries = pages.filter(({ nav }) => nav?.section === section);
        if (entries.length === 0) return null;
        return (
          <div key={section} class="nav-section">
            <p class="nav-title">{section}</p>
            <ul>
              {entries.map((page) => (
                <li key={page.path}>
                  <Entry page={page} isCurrent={page === current} />
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </>
  );
}

function Entry({ page, isCurrent }: { readonly page: Page; readonly isCurrent: boolean }) {
  return (
    <a class="nav-entry" href={page.path} {...(isCurrent ? { 'aria-current': 'page' as const } : {})}>
      {page.nav === undefined ? null : <Icon name={page.nav.icon} />}
      <span>{page.title}</span>
    </a>
  );
}
