import { createHash } from 'node:crypto';
import * as S from '../../../entry/layout.js';

/** A Lua script. On a cluster its keys are of one slot of the key space. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

export function script(name: string, source: string): Script {
  const text = source.trim();
  return { name, source: text, sha: createHash('sha1').update(text).digest('hex') };
}

/** `string.sub` of a field; Lua counts from 1. */
export function sub(text: string, at: number, length: number): string {
  return `string.sub(${text}, ${at + 1}, ${at + length})`;
}

/** The same, where `string.sub` is a local of the script. */
export function fieldOf(text: string, at: number, length: number): string {
  return `sub(${text}, ${at + 1}, ${at + length})`;
}

/** If TIME is forbidden, INFO has the time. */
export const NOW: string = `
local time = redis.pcall('TIME')
local now = time.err and tonumber(string.match(redis.call('INFO', 'server'), 'server_time_usec:(%d+)'))
  or tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowMs = math.floor(now / 1000)
`;

/** `entryOf` is `head` without a lease. `versionOf` is its version, or 0 if it is no entry of ours. */
export const PARSE: string = `
local function entryOf(head)
  if string.sub(head, 1, 1) == '${S.LEASE_MARK}' then return string.sub(head, ${S.LEASE_WIDTH + 1}) end
  return head
end
local function versionOf(entry)
  if string.sub(entry, 1, 2) ~= '${S.MARK}' then return 0 end
  return tonumber(${sub('entry', S.VERSION_AT, S.VERSION_LENGTH)}, 16) or 0
end
local function headOf(key)
  local head = redis.pcall('GETRANGE', key, 0, ${S.HEAD_WIDTH - 1})
  if type(head) ~= 'string' then return nil end
  return head
end
local function rest(ms)
  return string.format('%.0f', math.max(1, ms))
end
`;

/**
 * The texts of a batch lie one behind the other in one argument. `textOf` returns the next one by its length,
 * and the same text again if the length is ''.
 */
export function textsOf(argument: number): string {
  return `
local all, from, text = ARGV[${argument}], 1, ''
local function textOf(length)
  if length == '' then return text end
  local to = from + length
  text, from = string.sub(all, from, to - 1), to
  return text
end
`;
}
