import { ErrorReply } from '../reply.js';
import type { ScriptBody } from './script.js';

/** In the order of the Lua script, with what follows the key. */
const COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ['GETRANGE', '0', '0'],
  ['SETRANGE', '0', '.'],
  ['PEXPIRE'],
  ['PTTL'],
  ['TYPE'],
  ['EXISTS'],
  ['MGET'],
  ['HGET', 'n'],
  ['HSET', 'n', '0'],
  ['HINCRBY', 'n', '0'],
  ['UNLINK'],
  ['DEL'],
];

export const tryCommands: ScriptBody = (run) => {
  const failures: string[] = [];
  for (const [name, ...rest] of COMMANDS) {
    const args = name === 'PEXPIRE' ? [run.argv(1)] : rest;
    const reply = run.attempt(name, run.keys[0] ?? '', ...args);
    if (reply instanceof ErrorReply) failures.push(`${name} ${reply.message}`);
  }
  return failures;
};
