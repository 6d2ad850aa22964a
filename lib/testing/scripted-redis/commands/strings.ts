import { ErrorReply, notAnInteger, type Reply, syntaxError, wrongType } from '../reply.js';
import { type CommandTable, command, parseInteger, type Run, type ServerState } from './command.js';

interface SetOptions {
  readonly lifeMs: number | undefined;
  readonly onlyAbsent: boolean;
  readonly onlyPresent: boolean;
  readonly repliesOld: boolean;
  readonly keepsLife: boolean;
}

/** The string under a key; throws when something else is. */
function stringAt(state: ServerState, key: string): string | undefined {
  const value = state.keyspace.get(key)?.value;
  if (typeof value === 'object') throw wrongType();
  return value;
}

const get: Run = (state, [key = '']) => stringAt(state, key) ?? null;

const mget: Run = (state, keys) =>
  keys.map((key) => {
    const value = state.keyspace.get(key)?.value;
    return typeof value === 'string' ? value : null;
  });

const set: Run = (state, [key = '', value = '', ...words]) => {
  const options = parseSetOptions(words);
  const old: Reply = options.repliesOld ? (stringAt(state, key) ?? null) : null;
  const slot = state.keyspace.get(key);
  const isPresent = slot !== undefined;
  if ((options.onlyAbsent && isPresent) || (options.onlyPresent && !isPresent)) return old;
  const kept = options.keepsLife ? slot?.expiresAtMs : undefined;
  const nowMs = Math.floor(state.nowMicros() / 1_000);
  const end = options.lifeMs === undefined ? Number.POSITIVE_INFINITY : nowMs + options.lifeMs;
  state.keyspace.put(key, value, kept ?? end);
  return options.repliesOld ? old : 'OK';
};

function parseSetOptions(words: readonly string[]): SetOptions {
  const flags = new Set<string>();
  let life: string | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = (words[i] ?? '').toUpperCase();
    if (!['PX', 'NX', 'XX', 'GET', 'KEEPTTL'].includes(word)) throw syntaxError();
    if (word === 'PX' && i + 1 < words.length) life = words[++i];
    else if (word === 'PX') throw syntaxError();
    flags.add(word);
  }
  const excludes = (a: string, b: string): boolean => flags.has(a) && flags.has(b);
  if (excludes('NX', 'XX') || excludes('PX', 'KEEPTTL')) throw syntaxError();
  return {
    lifeMs: life === undefined ? undefined : parseLife(life),
    onlyAbsent: flags.has('NX'),
    onlyPresent: flags.has('XX'),
    repliesOld: flags.has('GET'),
    keepsLife: flags.has('KEEPTTL'),
  };
}

function parseLife(text: string): number {
  const lifeMs = parseInteger(text);
  if (lifeMs === undefined) throw notAnInteger();
  if (lifeMs <= 0) throw new ErrorReply("ERR invalid expire time in 'set' command");
  return lifeMs;
}

const getrange: Run = (state, [key = '', first, last]) => {
  const [from, to] = [parseInteger(first), parseInteger(last)];
  if (from === undefined || to === undefined) throw notAnInteger();
  const value = stringAt(state, key) ?? '';
  if (from < 0 && to < 0 && from > to) return '';
  const at = (index: number): number => Math.max(0, index < 0 ? value.length + index : index);
  return value.slice(at(from), at(to) + 1);
};

const setrange: Run = (state, [key = '', offset, text = '']) => {
  const at = parseInteger(offset);
  if (at === undefined) throw notAnInteger();
  if (at < 0) throw new ErrorReply('ERR offset is out of range');
  const old = stringAt(state, key) ?? '';
  if (text === '') return old.length;
  const before = old.slice(0, at).padEnd(at, '\0');
  const value = before + text + old.slice(at + text.length);
  const end = state.keyspace.get(key)?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  state.keyspace.put(key, value, end);
  return value.length;
};

export const STRING_COMMANDS: CommandTable = {
  GET: command(2, get),
  MGET: command(-2, mget),
  SET: command(-3, set, 'write', 'takes-memory'),
  GETRANGE: command(4, getrange),
  SETRANGE: command(4, setrange, 'write', 'takes-memory'),
};
