import { createHash } from 'node:crypto';
import { ErrorReply, notAnInteger, type Reply } from '../reply.js';
import { SCRIPTS } from '../scripts/all-scripts.js';
import type { ScriptRun } from '../scripts/script.js';
import { type CommandTable, command, parseInteger, type Run, type ServerState } from './command.js';

/** Of scripts that it knows, by their texts: hashing them again would take longer than running them. */
const shas = new Map<string, string>();

function shaOf(source: string): string {
  const known = shas.get(source);
  if (known !== undefined) return known;
  const sha = createHash('sha1').update(Buffer.from(source, 'latin1')).digest('hex');
  if (SCRIPTS.has(sha)) shas.set(source, sha);
  return sha;
}

const script: Run = (state, [what = '', ...args]) => {
  switch (what.toUpperCase()) {
    case 'LOAD': {
      const sha = shaOf(args[0] ?? '');
      state.scripts.add(sha);
      return sha;
    }
    case 'FLUSH':
      state.scripts.clear();
      return 'OK';
    case 'EXISTS':
      return args.map((sha) => (state.scripts.has(sha.toLowerCase()) ? 1 : 0));
    default:
      throw new ErrorReply(`ERR unknown subcommand '${what}'. Try SCRIPT HELP.`);
  }
};

const evalsha: Run = (state, [sha = '', ...rest]) => {
  if (!state.scripts.has(sha.toLowerCase())) {
    throw new ErrorReply('NOSCRIPT No matching script. Please use EVAL.');
  }
  return runScript(state, sha.toLowerCase(), rest);
};

const evaluate: Run = (state, [source = '', ...rest]) => {
  const sha = shaOf(source);
  state.scripts.add(sha);
  return runScript(state, sha, rest);
};

function runScript(state: ServerState, sha: string, [count, ...words]: readonly string[]): Reply {
  const keyCount = parseInteger(count);
  if (keyCount === undefined) throw notAnInteger();
  if (keyCount < 0) throw new ErrorReply("ERR Number of keys can't be negative");
  if (keyCount > words.length) {
    throw new ErrorReply("ERR Number of keys can't be greater than number of args");
  }
  const body = SCRIPTS.get(sha);
  if (body === undefined) throw new ErrorReply('ERR The scripted Redis does not know this script');
  try {
    return body(scriptRun(state, words, keyCount));
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw error;
    throw new ErrorReply(`${error.message} script: ${sha}, on @user_script.`);
  }
}

function scriptRun(state: ServerState, words: readonly string[], keyCount: number): ScriptRun {
  const call = (...args: string[]): Reply => state.call(args);
  return {
    keys: words.slice(0, keyCount),
    argv: (position) => words[keyCount + position - 1] ?? '',
    call,
    attempt(...args) {
      try {
        return call(...args);
      } catch (error) {
        if (error instanceof ErrorReply) return error;
        throw error;
      }
    },
  };
}

export const SCRIPT_COMMANDS: CommandTable = {
  SCRIPT: command(-2, script, 'not-in-scripts'),
  EVAL: command(-3, evaluate, 'not-in-scripts'),
  EVALSHA: command(-3, evalsha, 'not-in-scripts'),
};
