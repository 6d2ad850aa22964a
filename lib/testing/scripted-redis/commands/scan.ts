import { compileGlob } from '../../../core/glob.js';
import { toText } from '../bytes.js';
import { ErrorReply, notAnInteger, syntaxError } from '../reply.js';
import { type CommandTable, command, parseInteger, type Run } from './command.js';

const USUAL_COUNT = 10;

interface ScanOptions {
  readonly glob: string | undefined;
  readonly count: number;
}

/**
 * Looks at `COUNT` keys a step. As with Redis, each key that is there from beginning to end is met; others may
 * be, and one that is removed and comes back may be met twice.
 */
const scan: Run = (state, [cursor = '', ...words]) => {
  if (!/^\d+$/.test(cursor)) throw new ErrorReply('ERR invalid cursor');
  const { glob, count } = parseOptions(words);
  const matches = glob === undefined ? (): boolean => true : compileGlob(toText(glob));
  const found: string[] = [];
  let seen = 0;
  for (const { key, order } of state.keyspace.from(Number(cursor))) {
    if (seen++ === count) return [`${order}`, found];
    if (matches(toText(key))) found.push(key);
  }
  return ['0', found];
};

function parseOptions(words: readonly string[]): ScanOptions {
  let glob: string | undefined;
  let count = USUAL_COUNT;
  for (let i = 0; i < words.length; i += 2) {
    const [word = '', value] = words.slice(i, i + 2);
    const name = word.toUpperCase();
    if (value === undefined || (name !== 'MATCH' && name !== 'COUNT')) throw syntaxError();
    if (name === 'MATCH') glob = value;
    else count = parseCount(value);
  }
  return { glob, count };
}

function parseCount(text: string): number {
  const count = parseInteger(text);
  if (count === undefined) throw notAnInteger();
  if (count < 1) throw syntaxError();
  return count;
}

export const SCAN_COMMANDS: CommandTable = { SCAN: command(-2, scan) };
