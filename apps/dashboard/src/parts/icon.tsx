const paths = {
  overview: 'M2.5 8.5 8 3l5.5 5.5M4 7.5V13h8V7.5',
  topology: 'M4 4h8v8H4ZM4 4l8 8M12 4l-8 8',
  ledger: 'M2.5 5.5h4v5h-4ZM9.5 5.5h4v5h-4ZM6.5 8h3',
  assets: 'M4 4h8v8H4ZM6 1.8V4m4-2.2V4M6 12v2.2m4-2.2v2.2M1.8 6H4M1.8 10H4m8-4h2.2M12 10h2.2',
  packages: 'm8 2 5.5 3v6L8 14l-5.5-3V5ZM2.5 5 8 8l5.5-3M8 8v6',
  runs: 'M4.5 3v10l8-5Z',
  transfers: 'M5 13V3M2.5 5.5 5 3l2.5 2.5M11 3v10m-2.5-2.5L11 13l2.5-2.5',
  memory: 'M2 5h12v6H2ZM5 5v6m3-6v6m3-6v6',
  trust: 'M8 1.8 13 4v4c0 3-2 5-5 6.2C5 13 3 11 3 8V4Zm-2.2 6 1.6 1.6 3-3.2',
  wallet: 'M2 4.5h10.5v8H2ZM2 4.5 10 2.5v2M12.5 7H14v3h-3.5v-3h2Z',
  extensions: 'M6 3h4v3h3v4h-3v3H6v-3H3V6h3Z',
  metrics: 'M2 13h12M3 10.5 6 7l2.5 2L13 4',
  logs: 'M3 4h10M3 7h7M3 10h10M3 13h5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  close: 'm4 4 8 8m0-8-8 8',
  copy: 'M5.5 5.5h7v7h-7ZM3.5 10.5v-7h7',
  check: 'm3.5 8.5 3 3 6-7',
  sort: 'M5.5 6 8 3.5 10.5 6m0 4L8 12.5 5.5 10',
  up: 'M4.5 9.5 8 6l3.5 3.5',
  down: 'M4.5 6.5 8 10l3.5-3.5',
  sun: 'M8 5.2A2.8 2.8 0 1 1 8 10.8 2.8 2.8 0 1 1 8 5.2M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.8.8M11.8 11.8l.8.8M12.6 3.4l-.8.8M4.2 11.8l-.8.8',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z',
  machine: 'M2 3h12v8H2ZM6 14h4M8 11v3',
  warn: 'M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.3v.7',
} as const;

/** The icons there are. */
export type IconName = keyof typeof paths;

/** A small drawing beside words; it says nothing that the words do not. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
