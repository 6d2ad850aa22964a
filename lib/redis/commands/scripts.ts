import { createHash } from 'node:crypto';
import * as S from '../../entry/slot.js';

/** A Lua script. On a cluster its keys are of one slot of the key space. */
export interface Script {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

function script(name: string, source: string): Script {
  const text = source.trim();
  return { name, source: text, sha: createHash('sha1').update(text).digest('hex') };
}

/** `string.sub` of a field; Lua counts from 1. */
function sub(text: string, at: number, length: number): string {
  return `string.sub(${text}, ${at + 1}, ${at + length})`;
}

/** Where TIME is forbidden, INFO tells the time. */
const NOW = `
local time = redis.pcall('TIME')
local now = time.err and tonumber(string.match(redis.call('INFO', 'server'), 'server_time_usec:(%d+)'))
  or tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowMs = math.floor(now / 1000)
`;

/** `head` without a lease; the version in it, or 0 where there is no entry of ours. */
const PARSE = `
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
 * Stores values and tombstones of one process. A change loses against what was called after it (a version
 * above its `limit`) and against nothing else. A batch that runs outside of its time does nothing.
 * KEYS: the keys. ARGV: echo, deadline ms, not-before ms, tombstone life ms, then per key: limit micros, text, px ms.
 * Replies `echo|late|micros`, or `echo|` and the positions (from 1, each followed by `,`) of changes that met something newer.
 */
export const WRITE: Script = script(
  'WRITE',
  `${NOW}${PARSE}
if nowMs > tonumber(ARGV[2]) or nowMs < tonumber(ARGV[3]) then
  return ARGV[1] .. '|late|' .. string.format('%.0f', now)
end
local older = ''
for i, key in ipairs(KEYS) do
  local limit, text, px = tonumber(ARGV[i * 3 + 2]), ARGV[i * 3 + 3], ARGV[i * 3 + 4]
  local isNewer = function(slot)
    local version = versionOf(entryOf(slot))
    return version > limit and version < now + ${S.ANOMALY_MICROS}
  end
  if string.len(text) > ${S.SMALL_BYTES} then
    local head = headOf(key)
    if head and isNewer(head) then older = older .. i .. ',' else redis.call('SET', key, text, 'PX', px) end
  else
    local old = redis.pcall('SET', key, text, 'PX', px, 'GET')
    if type(old) == 'table' and old.err then
      local head = headOf(key)
      if head and isNewer(head) then older = older .. i .. ',' else redis.call('SET', key, text, 'PX', px) end
    elseif old and isNewer(old) then
      local entry = entryOf(old)
      local life = tonumber(ARGV[4])
      if ${sub('entry', S.KIND_AT, 1)} ~= '${S.KIND_TOMBSTONE}' then
        life = versionOf(entry) / 1000 + (tonumber(${sub('entry', S.TTL_AT, S.TTL_LENGTH)}, 36) or 0) - nowMs
        if ${sub('entry', S.KIND_AT, 1)} == '${S.KIND_GRACED}' then
          life = life + (tonumber(${sub('entry', S.GRACE_AT, S.GRACE_LENGTH)}, 36) or 0)
        end
      end
      redis.call('SET', key, old, 'PX', rest(life))
      older = older .. i .. ','
    end
  end
end
return ARGV[1] .. '|' .. older
`,
);

/**
 * Takes the leases of absent keys. KEYS; ARGV: token (ten characters, also the echo), lease ms.
 * Replies `token|micros|` and the positions (each followed by `,`) of keys under which something is.
 */
export const CLAIM: Script = script(
  'CLAIM',
  `${NOW}
local lease = '${S.LEASE_MARK}' .. ARGV[1] .. string.format('%0${S.UNTIL_LENGTH}.0f', nowMs + tonumber(ARGV[2]))
local taken = ''
for i, key in ipairs(KEYS) do
  if not redis.call('SET', key, lease, 'PX', ARGV[2], 'NX') then taken = taken .. i .. ',' end
end
return ARGV[1] .. '|' .. string.format('%.0f', now) .. '|' .. taken
`,
);

/**
 * Takes the leases of keys under which something is. KEYS; ARGV: token (also the echo), lease ms, mode
 * ('load' | 'refresh'), then per key: the head that its entry must have (mark, generation, fingerprint).
 * Replies {token, then per key one text: 'v' entry | 'g' micros(16 digits) stale entry or '' | 'h' milliseconds left}.
 */
export const CLAIM_OVER: Script = script(
  'CLAIM_OVER',
  `${NOW}${PARSE}
local replies = {ARGV[1]}
for i, key in ipairs(KEYS) do
  local slot = redis.pcall('GET', key)
  if type(slot) ~= 'string' then slot = '' end
  local token, untilMs = '', 0
  if string.sub(slot, 1, 1) == '${S.LEASE_MARK}' then
    token = ${sub('slot', S.TOKEN_AT, S.TOKEN_LENGTH)}
    untilMs = tonumber(${sub('slot', S.UNTIL_AT, S.UNTIL_LENGTH)}) or 0
    slot = string.sub(slot, ${S.LEASE_WIDTH + 1})
  end
  local version = versionOf(slot)
  if version == 0 then slot = '' end
  local kind = ${sub('slot', S.KIND_AT, 1)}
  local entry = ''
  if ${sub('slot', 0, S.KIND_AT)} == ARGV[i + 3] and (kind == '${S.KIND_VALUE}' or kind == '${S.KIND_GRACED}') then entry = slot end
  local fresh = entry ~= '' and version / 1000 + (tonumber(${sub('entry', S.TTL_AT, S.TTL_LENGTH)}, 36) or 0) > nowMs
  if fresh and ARGV[3] ~= 'refresh' then
    replies[i + 1] = 'v' .. entry
  elseif token ~= '' and token ~= ARGV[1] and untilMs > nowMs and untilMs <= nowMs + 60000 then
    replies[i + 1] = 'h' .. rest(untilMs - nowMs)
  else
    local left = redis.call('PTTL', key)
    local leaseMs = tonumber(ARGV[2])
    if slot == '' or left < leaseMs then left = leaseMs end
    local lease = '${S.LEASE_MARK}' .. ARGV[1] .. string.format('%0${S.UNTIL_LENGTH}.0f', nowMs + leaseMs)
    redis.call('SET', key, lease .. slot, 'PX', rest(left))
    local at = now
    if version >= now and version < now + ${S.ANOMALY_MICROS} then at = version + 1 end
    replies[i + 1] = 'g' .. string.format('%016.0f', at) .. entry
  end
end
return replies
`,
);

/**
 * Stores what was loaded, each value under its own lease. The text carries the version of the grant.
 * KEYS; ARGV: echo, deadline ms, not-before ms, then per key: token, text, px ms.
 * Replies `echo|` and the positions (each followed by `,`) of leases that are void; all are, outside of its time.
 */
export const FILL: Script = script(
  'FILL',
  `${NOW}
local isInTime = nowMs <= tonumber(ARGV[2]) and nowMs >= tonumber(ARGV[3])
local void = ''
for i, key in ipairs(KEYS) do
  local head = redis.pcall('GETRANGE', key, 0, ${S.LEASE_WIDTH - 1})
  local isHeld = isInTime and type(head) == 'string' and string.sub(head, 1, 1) == '${S.LEASE_MARK}'
    and ${sub('head', S.TOKEN_AT, S.TOKEN_LENGTH)} == ARGV[i * 3 + 1]
    and (tonumber(${sub('head', S.UNTIL_AT, S.UNTIL_LENGTH)}) or 0) >= nowMs
  if isHeld then redis.call('SET', key, ARGV[i * 3 + 2], 'PX', ARGV[i * 3 + 3]) else void = void .. i .. ',' end
end
return ARGV[1] .. '|' .. void
`,
);

/**
 * Makes leases last longer. KEYS; ARGV: echo, lease ms, then per key: token.
 * Replies `echo|` and the positions of leases that are void.
 */
export const RENEW: Script = script(
  'RENEW',
  `${NOW}
local void = ''
for i, key in ipairs(KEYS) do
  local head = redis.pcall('GETRANGE', key, 0, ${S.LEASE_WIDTH - 1})
  if type(head) == 'string' and string.sub(head, 1, 1) == '${S.LEASE_MARK}' and ${sub('head', S.TOKEN_AT, S.TOKEN_LENGTH)} == ARGV[i + 2] then
    redis.call('SETRANGE', key, ${S.UNTIL_AT}, string.format('%0${S.UNTIL_LENGTH}.0f', nowMs + tonumber(ARGV[2])))
    if redis.call('PTTL', key) < tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
  else
    void = void .. i .. ','
  end
end
return ARGV[1] .. '|' .. void
`,
);

/** Gives leases back without a value. KEYS; ARGV: echo, then per key: token. Replies `echo|`. */
export const RELEASE: Script = script(
  'RELEASE',
  `
for i, key in ipairs(KEYS) do
  local slot = redis.pcall('GET', key)
  if type(slot) == 'string' and string.sub(slot, 1, 1) == '${S.LEASE_MARK}' and ${sub('slot', S.TOKEN_AT, S.TOKEN_LENGTH)} == ARGV[i + 1] then
    if string.len(slot) == ${S.LEASE_WIDTH} then redis.call('DEL', key)
    else redis.call('SET', key, string.sub(slot, ${S.LEASE_WIDTH + 1}), 'KEEPTTL') end
  end
end
return ARGV[1] .. '|'
`,
);

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
 * Removes what a pattern cleared: values of this cache that are not younger than the clear. Leases are void,
 * tombstones stay, what is not ours is not touched.
 * KEYS; ARGV: echo, then per key: limit micros, fingerprint. Replies `echo|` and how many values were removed.
 */
export const SWEEP: Script = script(
  'SWEEP',
  `${PARSE}${REMOVE}${IS_OURS}
local removed = 0
for i, key in ipairs(KEYS) do
  local head = headOf(key)
  if head and head ~= '' then
    local entry = entryOf(head)
    local isLeased = entry ~= head
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
 * Removes values of this cache that no process can reach any more.
 * KEYS; ARGV: echo, the generation that still counts, then per key: fingerprint. Replies `echo|` and how many were removed.
 */
export const SWEEP_DEAD: Script = script(
  'SWEEP_DEAD',
  `${PARSE}${REMOVE}${IS_OURS}
local removed = 0
for i, key in ipairs(KEYS) do
  local head = headOf(key)
  if head and head ~= '' and string.sub(head, 1, 1) ~= '${S.LEASE_MARK}' then
    local isReachable = string.sub(head, 1, 2) == '${S.MARK}' and ${sub('head', S.GENERATION_AT, S.GENERATION_LENGTH)} == ARGV[2]
    if isOurs(head, ARGV[i + 2]) and not isTombstone(head) and not isReachable then
      remove(key)
      removed = removed + 1
    end
  end
end
return ARGV[1] .. '|' .. removed
`,
);

/*
 * The two records of a prefix. `pos`, a hash: `v` format version, `n` counter, `chain` the last reigns, oldest
 * first, `id:life:base:openedAt` joined by ',', and `gen`, a copy of the generation. `gen`, a string: the
 * generation, `serial:random`. Entries carry the random part. Either record may be evicted at any moment.
 */
const RECORDS = `${NOW}
local pos, genKey = KEYS[1], KEYS[2]
local function heal(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
heal(pos, 'hash')
heal(genKey, 'string')
local function serialOf(gen)
  if not gen or string.len(gen) > ${16 + 1 + S.GENERATION_LENGTH} then return -1 end
  return tonumber(string.match(gen, '^(%d+):${'.'.repeat(S.GENERATION_LENGTH)}$')) or -1
end
local function repaired()
  local a, b = redis.call('GET', genKey), redis.call('HGET', pos, 'gen')
  local best = serialOf(a) >= serialOf(b) and a or b
  if serialOf(best) < 0 then return nil end
  if a ~= best then redis.call('SET', genKey, best) end
  if b ~= best and redis.call('EXISTS', pos) == 1 then redis.call('HSET', pos, 'gen', best) end
  return best
end
local function newSerial(remembered)
  return math.max(serialOf(redis.call('GET', genKey) or nil), serialOf(redis.call('HGET', pos, 'gen') or nil), remembered, nowMs) + 1
end
local function lastOf(chain)
  return string.match(chain or '', '([^,]+)$') or ''
end
local function field(entry, at)
  local i = 0
  for part in string.gmatch(entry, '[^:]+') do
    i = i + 1
    if i == at then return part end
  end
  return ''
end
`;

/**
 * Opens a reign, or joins the one that is there (R2). KEYS: pos, gen. ARGV: life, fresh reign id, fresh random part
 * of a generation, remembered serial. Replies {chain, n, generation, micros}.
 */
export const OPEN: Script = script(
  'OPEN',
  `${RECORDS}
local gen, isNew = repaired(), false
if not gen then
  gen = string.format('%.0f', newSerial(tonumber(ARGV[4]))) .. ':' .. ARGV[3]
  redis.call('SET', genKey, gen)
  isNew = true
end
local chain = redis.call('HGET', pos, 'chain')
local n = tonumber(redis.call('HGET', pos, 'n') or '0') or 0
local function opened(base)
  return ARGV[2] .. ':' .. ARGV[1] .. ':' .. base .. ':' .. (isNew and 0 or nowMs)
end
if not chain or chain == '' then
  n = 0
  chain = opened(0)
elseif field(lastOf(chain), 2) ~= ARGV[1] then
  chain = chain .. ',' .. opened(n)
  local _, count = string.gsub(chain, ',', ',')
  if count >= 16 then chain = string.gsub(chain, '^[^,]+,', '', 1) end
end
redis.call('HSET', pos, 'v', '2', 'n', n, 'chain', chain, 'gen', gen)
return {chain, n, gen, string.format('%.0f', now)}
`,
);

/**
 * Counts the fence on, if the last reign is ours, and repairs the generation (R6). KEYS: pos, gen. ARGV: our reign id.
 * Replies {chain, n, generation, micros}; chain or generation are '' where they are missing.
 */
export const FENCE: Script = script(
  'FENCE',
  `${RECORDS}
local gen = repaired() or ''
local chain = redis.call('HGET', pos, 'chain') or ''
local n = tonumber(redis.call('HGET', pos, 'n') or '0') or 0
if field(lastOf(chain), 1) == ARGV[1] then n = redis.call('HINCRBY', pos, 'n', 1) end
return {chain, n, gen, string.format('%.0f', now)}
`,
);

/**
 * Changes the generation: every entry under the prefix becomes unreachable (R4). KEYS: pos, gen. ARGV: fresh random part,
 * remembered serial. Replies {chain, n, generation, micros}.
 */
export const BUMP: Script = script(
  'BUMP',
  `${RECORDS}
local gen = string.format('%.0f', newSerial(tonumber(ARGV[2]))) .. ':' .. ARGV[1]
redis.call('SET', genKey, gen)
if redis.call('EXISTS', pos) == 1 then redis.call('HSET', pos, 'gen', gen) end
return {redis.call('HGET', pos, 'chain') or '', tonumber(redis.call('HGET', pos, 'n') or '0') or 0, gen, string.format('%.0f', now)}
`,
);

export const ALL_SCRIPTS: readonly Script[] = [
  WRITE,
  CLAIM,
  CLAIM_OVER,
  FILL,
  RENEW,
  RELEASE,
  SWEEP,
  SWEEP_DEAD,
  OPEN,
  FENCE,
  BUMP,
];
