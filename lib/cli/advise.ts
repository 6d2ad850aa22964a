import { parseArgs } from 'node:util';
import { errorText } from '../core/redact/redact.js';
import { adviceText } from './advice-text.js';
import { headersOf, Problem, readSnapshot, snapshotAddress } from './snapshot.js';

const USAGE = `Usage: npx express-cache-health advise <address of healthRouter()>… [options]

Shows what running processes have learned of their lifetimes: stale reads, loads, and what to do.
They need createCache({ freshness: { observe: ['product:'] } }) and healthRouter({ ui: true }).

  --header 'name: value'   a header of the request, such as for authorize of the router; may be repeated
  --json                   the reports as JSON

  npx express-cache-health advise http://localhost:3000/health`;

const OPTIONS = {
  header: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** What the program prints, and its exit code: 0, 1 if a process could not be asked, 2 if it was called wrongly. */
export interface Ending {
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

/** Runs the program with these arguments. Never rejects. */
export async function advise(args: readonly string[]): Promise<Ending> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    if (values.help === true) return { text: USAGE, exitCode: 0 };
    const [command, ...given] = positionals;
    if (command !== 'advise') throw new Misuse(misuse(command));
    if (given.length === 0) throw new Misuse('advise needs an address.');
    const headers = headersOf(values.header ?? []);
    const addresses = given.map(snapshotAddress);
    const found = await Promise.all(addresses.map((address) => readSnapshot(address, headers)));
    if (values.json === true) return { text: JSON.stringify(found, undefined, 2), exitCode: 0 };
    return { text: found.map(adviceText).join('\n\n'), exitCode: 0 };
  } catch (error) {
    if (error instanceof Problem) return { text: error.message, exitCode: 1 };
    return { text: `${errorText(error)}\n\n${USAGE}`, exitCode: 2 };
  }
}

/** It was called wrongly. */
class Misuse extends Error {}

function misuse(command: string | undefined): string {
  return command === undefined ? 'A command is missing.' : `There is no command '${command}'.`;
}
