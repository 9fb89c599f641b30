import type { Clock, Log, NodeId } from '@hypermesh/core';
import type { StoqNode } from '@hypermesh/stoq';
import { type RootNames, rootNames } from '../content/answers.ts';
import { createTransfers, type Transfers } from '../content/transfers.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { Events } from '../events/hub.ts';
import type { LedgerFactParts } from '../ledger/answers.ts';
import { followLedger } from '../ledger/following.ts';
import { openLedgerHistory } from '../ledger/history.ts';
import type { LedgerService } from '../ledger/service.ts';
import { openSubmissions } from '../ledger/submissions.ts';
import type { AddressBook } from '../mesh/addresses.ts';
import { type Links, watchLinks } from '../mesh/links.ts';
import type { LogSource } from '../mesh/transparency.ts';
import { createNames } from '../names/service.ts';
import type { Phase2 } from '../phases.ts';
import { runLine } from '../run/answers.ts';
import { openRunJournal, type RunJournal } from '../run/journal.ts';
import type { TrustParts } from '../trust/answers.ts';
import { openVerifiedLog } from '../trust/log-view.ts';
import { openJournal } from './journal.ts';
import { tellBlocks } from './told.ts';

/** What services note while they work, before anybody asks. */
export interface Notes extends Disposable {
  readonly runs: RunJournal;
  readonly transfers: Transfers;
  /** Takes up operations that were accepted before this start. */
  submissions(ledger: LedgerService): ReturnType<typeof openSubmissions>;
}

interface NoteParts {
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Log;
  nameOf(node: NodeId): string;
}

/** Opens the journal and the table of transfers; each change is told as it happens. */
export function openNotes(directory: DataDirectory, parts: NoteParts): Notes {
  const { events, clock, log, nameOf } = parts;
  const journal = openJournal(directory.journal, (reason) => log.error('journal.damaged', { reason }));
  return {
    runs: openRunJournal(journal, {
      clock,
      onChange: (run) => events.publish('runs', { ...runLine(run, nameOf) }),
      onFault: (error) => log.error('journal.not-written', { message: String(error) }),
    }),
    transfers: createTransfers({
      clock,
      onChange({ id, root, state, bytes, bytesHere, bytesMoved, rateBps, peers }) {
        const from = peers.map(({ node, bytes: brought }) => ({ name: nameOf(node), bytes: brought }));
        const moved = { bytes, bytesHere, bytesMoved, rateBps };
        events.publish('transfers', { id, root, state, ...moved, peers: from });
      },
    }),
    submissions: (ledger) =>
      openSubmissions(journal, {
        ...{ ledger, clock, log },
        onChange: (facts) => events.publish('blocks', { type: 'operation', ...facts }),
      }),
    [Symbol.dispose]: () => journal.close(),
  };
}

/** Everything that pages and commands ask about what happened on this node. */
export interface Facts extends AsyncDisposable {
  readonly ledger: LedgerFactParts;
  readonly trust: TrustParts;
  readonly links: Links;
  readonly runs: RunJournal;
  readonly transfers: Transfers;
  readonly roots: RootNames;
}

/** Opens the facts over services that run; the index of the ledger catches up in the background. */
export async function openFacts(
  directory: DataDirectory,
  phase: Phase2,
  parts: NoteParts & {
    readonly notes: Notes;
    readonly ledger: LedgerService;
    readonly stoq: StoqNode;
    readonly book: AddressBook;
    readonly logSource: LogSource;
    readonly members: ReadonlyMap<NodeId, { readonly name: string }>;
    secondVotesSeen(): number;
  },
): Promise<Facts> {
  const { notes, ledger, stoq, book, logSource, members, events, clock, log, nameOf } = parts;
  const { nodeId: self, facts } = phase;
  await using cleanup = new AsyncDisposableStack();
  const stopping = new AbortController();
  const links = cleanup.use(
    watchLinks(stoq, {
      clock,
      onChange: ({ type, node }) => events.publish('links', { type, name: nameOf(node), nodeId: node }),
    }),
  );
  const submissions = cleanup.use(notes.submissions(ledger));
  const history = cleanup.use(
    openLedgerHistory(directory.ledgerIndex, (reason) => log.warn('ledger.index-damaged', { reason })),
  );
  const proposerOf = (index: number) => nameOf(ledger.validators[index] ?? self);
  const following = followLedger(ledger, history, {
    ...{ clock, log, signal: stopping.signal },
    onBlocks: (blocks) => tellBlocks(events, blocks, { nameOf, proposerOf }),
  });
  cleanup.defer(async () => {
    stopping.abort(new Error('the node stops'));
    await following;
  });
  cleanup.defer(
    phase.credentials.subscribe(({ chain: [leaf] }) =>
      events.publish('trust', { type: 'certificate', notAfterMs: leaf?.notAfterMs ?? 0 }),
    ),
  );
  const verified = openVerifiedLog({
    ...{ source: logSource, verifierKey: facts.logKey, path: directory.logView },
    onSplit(reason) {
      log.error('trust.log-split', { reason });
      events.publish('trust', { type: 'log-split', reason });
    },
  });
  const owned = cleanup.move();
  const isConnected = (node: NodeId) => links.of(node).connected;
  const { secondVotesSeen } = parts;
  return {
    ledger: { ledger, history, submissions, members, self, clock, isConnected, secondVotesSeen },
    trust: {
      ...{ phase, members, links, book, log: verified, revocations: directory.revocations },
      names: createNames(ledger, facts, clock),
    },
    links,
    runs: notes.runs,
    transfers: notes.transfers,
    roots: rootNames(ledger.ledger),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
