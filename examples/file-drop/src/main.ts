import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { formatTicket, offer, parseTicket, take } from './drop.ts';

const [word, argument, extra] = process.argv.slice(2);
if (word === 'offer' && argument !== undefined) {
  await using offered = await offer(argument, join(homedir(), '.file-drop'), extra);
  console.log(`Offers ${offered.ticket.name} (${offered.size} bytes) until Ctrl-C. The ticket:`);
  console.log(formatTicket(offered.ticket));
  await once(process, 'SIGINT');
} else if (word === 'take' && argument !== undefined) {
  const ticket = parseTicket(argument);
  if (ticket === undefined) throw new Error('that is no ticket; it begins with drop:');
  const show = (here: number, of: number) => process.stderr.write(`\r${here} of ${of} bytes`);
  const { target, moved, reused } = await take(ticket, extra ?? '.', process.stderr.isTTY ? show : undefined);
  console.log(`${target}: ${moved} bytes moved, ${reused} were here already`);
} else {
  console.log('usage: main.ts offer FILE [LISTEN]   or   main.ts take TICKET [FOLDER]');
  process.exitCode = 2;
}
