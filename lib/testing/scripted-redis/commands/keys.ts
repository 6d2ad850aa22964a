import { notAnInteger, syntaxError } from '../reply.js';
import { type CommandTable, command, parseInteger, type Run } from './command.js';

const del: Run = (state, keys) => keys.filter((key) => state.keyspace.delete(key)).length;

const exists: Run = (state, keys) =>
  keys.filter((key) => state.keyspace.get(key) !== undefined).length;

const type: Run = (state, [key = '']) => {
  const slot = state.keyspace.get(key);
  if (slot === undefined) return 'none';
  return typeof slot.value === 'string' ? 'string' : 'hash';
};

/** -2: nothing there, -1: no end. */
const pttl: Run = (state, [key = '']) => {
  const slot = state.keyspace.get(key);
  if (slot === undefined) return -2;
  if (slot.expiresAtMs === Number.POSITIVE_INFINITY) return -1;
  return Math.max(0, slot.expiresAtMs - Math.floor(state.nowMicros() / 1_000));
};

const pexpire: Run = (state, [key = '', life, ...more]) => {
  const lifeMs = parseInteger(life);
  if (lifeMs === undefined) throw notAnInteger();
  if (more.length > 0) throw syntaxError();
  const slot = state.keyspace.get(key);
  if (slot === undefined) return 0;
  const end = Math.floor(state.nowMicros() / 1_000) + lifeMs;
  if (lifeMs <= 0) state.keyspace.delete(key);
  else state.keyspace.put(key, slot.value, end);
  return 1;
};

const persist: Run = (state, [key = '']) => {
  const slot = state.keyspace.get(key);
  if (slot === undefined || slot.expiresAtMs === Number.POSITIVE_INFINITY) return 0;
  state.keyspace.put(key, slot.value, Number.POSITIVE_INFINITY);
  return 1;
};

const flushall: Run = (state, [how, ...more]) => {
  const isKnown = how === undefined || /^(?:a?sync)$/i.test(how);
  if (!isKnown || more.length > 0) throw syntaxError();
  state.keyspace.clear();
  return 'OK';
};

export const KEY_COMMANDS: CommandTable = {
  DEL: command(-2, del, 'write'),
  UNLINK: command(-2, del, 'write'),
  EXISTS: command(-2, exists),
  TYPE: command(2, type),
  PTTL: command(2, pttl),
  PEXPIRE: command(-3, pexpire, 'write'),
  PERSIST: command(2, persist, 'write'),
  FLUSHALL: command(-1, flushall, 'write'),
};
