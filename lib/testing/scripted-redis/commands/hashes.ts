import { ErrorReply, notAnInteger, wrongType } from '../reply.js';
import { type CommandTable, command, parseInteger, type Run, type ServerState } from './command.js';

type Hash = ReadonlyMap<string, string>;

const NOTHING: Hash = new Map();

/** The hash under a key, empty if nothing is there; throws when something else is. */
function hashAt(state: ServerState, key: string): Hash {
  const value = state.keyspace.get(key)?.value;
  if (typeof value === 'string') throw wrongType();
  return value ?? NOTHING;
}

function putHash(state: ServerState, key: string, hash: Hash): void {
  const end = state.keyspace.get(key)?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  state.keyspace.put(key, hash, end);
}

const hget: Run = (state, [key = '', field = '']) => hashAt(state, key).get(field) ?? null;

const hmget: Run = (state, [key = '', ...fields]) => {
  const hash = hashAt(state, key);
  return fields.map((field) => hash.get(field) ?? null);
};

/** Replies how many fields are new. */
const hset: Run = (state, [key = '', ...pairs]) => {
  if (pairs.length % 2 !== 0) {
    throw new ErrorReply("ERR wrong number of arguments for 'hset' command");
  }
  const old = hashAt(state, key);
  const hash = new Map(old);
  for (let i = 0; i < pairs.length; i += 2) hash.set(pairs[i] ?? '', pairs[i + 1] ?? '');
  putHash(state, key, hash);
  return hash.size - old.size;
};

const hincrby: Run = (state, [key = '', field = '', by]) => {
  const step = parseInteger(by);
  if (step === undefined) throw notAnInteger();
  const hash = hashAt(state, key);
  const old = parseInteger(hash.get(field) ?? '0');
  if (old === undefined) throw new ErrorReply('ERR hash value is not an integer');
  putHash(state, key, new Map(hash).set(field, `${old + step}`));
  return old + step;
};

export const HASH_COMMANDS: CommandTable = {
  HGET: command(3, hget),
  HMGET: command(-3, hmget),
  HSET: command(-4, hset, 'write', 'takes-memory'),
  HINCRBY: command(4, hincrby, 'write', 'takes-memory'),
};
