// What `npm run bench` understands.

import { parseArgs } from 'node:util';
import type { Options, Part } from './lib/part.js';
import { bulk } from './parts/bulk/bulk.js';
import { cluster } from './parts/cluster.js';
import { compare } from './parts/compare.js';
import { edge } from './parts/edge.js';
import { underExpress } from './parts/express.js';
import { fleet } from './parts/fleet.js';
import { freshness } from './parts/freshness/freshness.js';
import { hotPath } from './parts/hot-path/hot-path.js';
import { mission } from './parts/mission/mission.js';
import { monitoring } from './parts/monitoring.js';
import { near } from './parts/near.js';
import { FAULTS } from './parts/outage/faults.js';
import { MEMORY } from './parts/outage/memory.js';
import { outage } from './parts/outage/outage.js';
import { overhead } from './parts/overhead.js';
import { responses } from './parts/response-cache/response-cache.js';
import { stampede } from './parts/stampede.js';
import { start } from './parts/start/start.js';
import { truth } from './parts/truth.js';
import { warm } from './parts/warm.js';
import { SUBJECTS } from './subjects/index.js';

/** What runs when no part is named. */
export const USUAL: Readonly<Record<string, Part>> = {
  mission,
  'hot-path': hotPath,
  express: underExpress,
  bulk,
  start,
  near,
  cluster,
  edge,
  fleet,
  outage,
  truth,
  stampede,
  overhead,
  monitoring,
  'response-cache': responses,
  warm,
  freshness,
};

/** What `--quick` measures when no part is named. */
const QUICK: readonly string[] = ['hot-path', 'bulk', 'start'];

export const PARTS: Readonly<Record<string, Part>> = { ...USUAL, compare };

export const HELP = `npm run bench -- [part…] [options]

  parts            ${Object.keys(USUAL).join(', ')} (all of them; with --fault, outage);
                   compare: the hot path of two builds, with --before
  --fault <name>   one fault of the outage, or several: ${Object.keys(FAULTS).join(', ')};
                   ${MEMORY}: the heap in a long hang
  --only <name>    one subject, or several
  --repeat <n>     repetitions of each outage, stampede, round and request (not of truth)
  --rate <n>       requests a second that visitors want in the outage (0: as many as they can get)
  --work <n>       what a request costs the application itself, in rounds of PBKDF2 (0)
  --during-ms <n>  length of each fault (4000)
  --hang-ms <n>    length of the hang in which memory is measured (60000)
  --before <path>  of compare: the folder where the other build is installed
  --all            every peer in every part
  --publish        replaces the published bars also on a busy machine
  --quick          ${QUICK.join(', ')} in under three minutes, with fewer rounds; the bars of the other parts are
                   those of the last full run, marked so
`;

const OPTIONS = {
  fault: { type: 'string', multiple: true },
  only: { type: 'string', multiple: true },
  repeat: { type: 'string' },
  rate: { type: 'string' },
  work: { type: 'string' },
  'hang-ms': { type: 'string' },
  'during-ms': { type: 'string' },
  before: { type: 'string' },
  all: { type: 'boolean', default: false },
  publish: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];
type Numeric = 'repeat' | 'rate' | 'work' | 'hang-ms' | 'during-ms';

/** What was typed is wrong. */
export class Misuse extends Error {}

export interface Command {
  readonly parts: readonly string[];
  readonly options: Options;
}

/** `undefined` asks for the help. */
export function parseCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help) return undefined;
  const parts = partsOf(positionals, values);
  if (parts.includes('compare') !== (values.before !== undefined)) {
    throw new Misuse('The part compare and --before belong together.');
  }
  return { parts, options: optionsOf(values) };
}

function partsOf(names: readonly string[], { fault, quick }: Values): readonly string[] {
  for (const name of names) {
    if (!Object.hasOwn(PARTS, name)) throw new Misuse(`No part '${name}'.\n\n${HELP}`);
  }
  if (names.length > 0) return names;
  if (fault) return ['outage'];
  return quick ? QUICK : Object.keys(USUAL);
}

function optionsOf(values: Values): Options {
  expectKnown('fault', values.fault, [...Object.keys(FAULTS), MEMORY]);
  expectKnown('subject', values.only, Object.keys(SUBJECTS));
  return {
    fault: values.fault,
    only: values.only,
    repeat: wholeNumber(values, 'repeat', 1),
    rate: wholeNumber(values, 'rate', 0),
    work: wholeNumber(values, 'work', 0),
    hangMs: wholeNumber(values, 'hang-ms', 1_000) ?? (values.quick ? 5_000 : undefined),
    duringMs: wholeNumber(values, 'during-ms', 500),
    before: values.before,
    all: values.all,
    publish: values.publish,
    quick: values.quick,
  };
}

function expectKnown(
  what: string,
  names: readonly string[] | undefined,
  known: readonly string[],
): void {
  for (const name of names ?? []) {
    if (!known.includes(name)) throw new Misuse(`No ${what} '${name}': ${known.join(', ')}`);
  }
}

function wholeNumber(values: Values, name: Numeric, least: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw new Misuse(`--${name} wants a whole number from ${least} on, not '${text}'`);
  }
  return Number(text);
}
