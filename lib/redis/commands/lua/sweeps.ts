import * as S from '../../../entry/layout.js';
import { PARSE, type Script, script, sub } from './script.js';

/** What a lease looks like. Another application's text may begin with the same letter. */
const LEASE_PATTERN = `^${S.LEASE_MARK}${'.'.repeat(S.TOKEN_LENGTH)}${'%d'.repeat(S.UNTIL_LENGTH)}`;

/** Some servers do not know UNLINK, or forbid it. */
const REMOVE = `
local function remove(key)
  local reply = redis.pcall('UNLINK', key)
  if type(reply) == 'table' and reply.err then redis.call('DEL', key) end
end
`;

const IS_OURS = `
local function isOurs(entry, fingerprint)
  local mark = string.sub(entry, 1, 2)
  if mark ~= '${S.MARK}' and mark ~= '${S.OLD_MARK}' then return false end
  return ${sub('entry', S.FINGERPRINT_AT, S.FINGERPRINT_LENGTH)} == fingerprint
end
local function isTombstone(entry)
  local mark = string.sub(entry, 1, 2)
  return (mark == '${S.MARK}' or mark == '${S.OLD_MARK}') and ${sub('entry', S.KIND_AT, 1)} == '${S.KIND_TOMBSTONE}'
end
`;

/**
 * Removes what a pattern cleared: values of this cache that are not younger than the clear. It ends leases,
 * keeps tombstones, and does not touch other applications' keys. KEYS; ARGV: echo, then per key: limit micros,
 * fingerprint. Replies `echo|` and how many values were removed.
 */
export const SWEEP: Script = script(
  'SWEEP',
  `${PARSE}${REMOVE}${IS_OURS}
local removed = 0
for i, key in ipairs(KEYS) do
  local head = headOf(key)
  if head and head ~= '' then
    local isLeased = string.find(head, '${LEASE_PATTERN}') ~= nil
    local entry = isLeased and string.sub(head, ${S.LEASE_WIDTH + 1}) or head
    local version = tonumber(${sub('entry', S.VERSION_AT, S.VERSION_LENGTH)}, 16) or 0
    if isLeased and entry == '' then
      redis.call('DEL', key)
    elseif isOurs(entry, ARGV[i * 2 + 1]) and not isTombstone(entry) and version <= tonumber(ARGV[i * 2]) then
      remove(key)
      removed = removed + 1
    elseif isLeased then
      redis.call('SET', key, string.sub(redis.call('GET', key), ${S.LEASE_WIDTH + 1}), 'KEEPTTL')
    end
  end
end
return ARGV[1] .. '|' .. removed
`,
);

/**
 * Removes values of this cache that a change of generation has cleared: of another generation than the one that
 * counts, and not younger than the clear, because another process may have changed the generation once more.
 * KEYS; ARGV: echo, the generation that counts, then per key: limit micros, fingerprint. Replies `echo|` and how many were removed.
 */
export const SWEEP_DEAD: Script = script(
  'SWEEP_DEAD',
  `${PARSE}${REMOVE}${IS_OURS}
local removed = 0
for i, key in ipairs(KEYS) do
  local head = headOf(key)
  if head and head ~= '' and string.sub(head, 1, 1) ~= '${S.LEASE_MARK}' then
    local isReachable = string.sub(head, 1, 2) == '${S.MARK}' and ${sub('head', S.GENERATION_AT, S.GENERATION_LENGTH)} == ARGV[2]
    local version = tonumber(${sub('head', S.VERSION_AT, S.VERSION_LENGTH)}, 16) or 0
    local isDead = not isReachable and version <= tonumber(ARGV[i * 2 + 1])
    if isDead and isOurs(head, ARGV[i * 2 + 2]) and not isTombstone(head) then
      remove(key)
      removed = removed + 1
    end
  end
end
return ARGV[1] .. '|' .. removed
`,
);
