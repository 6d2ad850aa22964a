import * as S from '../../../entry/layout.js';
import { fieldOf, NOW, PARSE, type Script, script, sub, textsOf } from './script.js';

/**
 * Stores values and tombstones of one process. A change loses only against one that was called after it (a
 * version above its `limit`). A batch that runs outside of its time does nothing. A version further above the
 * server's clock than `ahead` was made before that clock was set back, and proves nothing. KEYS: the keys.
 * ARGV: echo, deadline ms, not-before ms, tombstone life ms, ahead micros, the texts, then per key: limit
 * micros, length of its text, px ms. Replies `echo|late|micros`, or `echo|` and the positions (from 1, each followed by `,`) of changes that
 * met something newer.
 */
export const WRITE: Script = script(
  'WRITE',
  `${NOW}${PARSE}${textsOf(6)}
if nowMs > tonumber(ARGV[2]) or nowMs < tonumber(ARGV[3]) then
  return ARGV[1] .. '|late|' .. string.format('%.0f', now)
end
local call, attempt, sub, ARGV = redis.call, redis.pcall, string.sub, ARGV
local function isNewer(slot, limit)
  local version = versionOf(entryOf(slot))
  return version > tonumber(limit) and version < now + tonumber(ARGV[5])
end
local function lifeOf(entry)
  local kind = ${sub('entry', S.KIND_AT, 1)}
  if kind == '${S.KIND_TOMBSTONE}' then return tonumber(ARGV[4]) end
  local life = versionOf(entry) / 1000 + (tonumber(${sub('entry', S.TTL_AT, S.TTL_LENGTH)}, 36) or 0) - nowMs
  if kind ~= '${S.KIND_GRACED}' then return life end
  return life + (tonumber(${sub('entry', S.GRACE_AT, S.GRACE_LENGTH)}, 36) or 0)
end
local function writeUnlessNewer(key, at)
  local head = headOf(key)
  if head and isNewer(head, ARGV[at]) then return false end
  call('SET', key, text, 'PX', ARGV[at + 2])
  return true
end
local older, at = '', 7
local version, isLarge
for i, key in ipairs(KEYS) do
  local isWritten = true
  if ARGV[at + 1] ~= '' then
    textOf(ARGV[at + 1])
    version, isLarge = ${fieldOf('text', S.VERSION_AT, S.VERSION_LENGTH)}, string.len(text) > ${S.SMALL_BYTES}
  end
  if isLarge then
    isWritten = writeUnlessNewer(key, at)
  else
    local old = attempt('SET', key, text, 'PX', ARGV[at + 2], 'GET')
    if type(old) == 'table' then
      isWritten = writeUnlessNewer(key, at)
    elseif old and not (sub(old, 1, 2) == '${S.MARK}' and ${fieldOf('old', S.VERSION_AT, S.VERSION_LENGTH)} <= version) then
      -- Not plainly older than this change, so its version is compared with the limit.
      if isNewer(old, ARGV[at]) then
        call('SET', key, old, 'PX', rest(lifeOf(entryOf(old))))
        isWritten = false
      end
    end
  end
  if not isWritten then older = older .. i .. ',' end
  at = at + 3
end
return ARGV[1] .. '|' .. older
`,
);
