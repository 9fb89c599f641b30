import './design/index.css';
import { createClient } from '@hypermesh/client';
import { effect } from '@preact/signals';
import { render } from 'preact';
import { mayAct } from './app/access.ts';
import { App } from './app/app.tsx';
import { startRouter } from './app/router.ts';
import { startTheme } from './app/theme.ts';
import { forgetToken, isRefused, takeToken } from './app/token.ts';
import { createLiveStore } from './data/live.ts';
import type { NodeAccess } from './data/node.ts';
import { openEventStream } from './data/stream.ts';
import { pages } from './pages/index.ts';
import { startClock } from './parts/clock.ts';

/** Topics that the pages hear all the time; others (logs, metrics) only while a page shows them. */
const topics = [
  ...(['status', 'blocks', 'runs', 'transfers', 'assets', 'packages'] as const),
  ...(['memory', 'wallet', 'extensions', 'trust', 'links', 'alerts'] as const),
];

function reach(token: string): NodeAccess {
  const api = createClient({ url: window.location.origin, token });
  const stream = openEventStream(api, topics, Date.now);
  const timing = { nowMs: Date.now, after: (ms: number, then: () => void) => void setTimeout(then, ms) };
  effect(() => {
    const { state, fault } = stream.connection.value;
    if (state !== 'refused' || fault?.status !== 401) return;
    forgetToken();
    isRefused.value = true;
  });
  // What the token may do, asked once it is known that the node hears.
  void stream
    .opened()
    .then(() => api.call('status', {}))
    .then(
      ({ access }) => {
        mayAct.value = access === 'full';
      },
      () => undefined, // The node refuses by itself what the token may not do.
    );
  // A hidden window lets its connection go: browsers give one machine six at a time, over all windows.
  document.addEventListener('visibilitychange', () => stream.pause(document.hidden));
  return { api, stream, store: createLiveStore(api, stream, timing) };
}

startTheme();
startClock();
const token = takeToken();
startRouter();
const room = document.getElementById('app');
if (room === null) throw new TypeError('index.html has no room for the pages');
render(<App node={token === undefined ? undefined : reach(token)} pages={pages} />, room);
