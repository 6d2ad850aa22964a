import * as S from '../../../entry/layout.js';
import { fieldOf, NOW, PARSE, type Script, script, sub, textsOf } from './script.js';

/**
 * Takes the leases of absent keys. KEYS; ARGV: token (ten characters, also the echo), lease ms. Replies
 * `token|micros|` and the positions (each followed by `,`) of keys that are not empty.
 */
export const CLAIM: Script = script(
  'CLAIM',
  `${NOW}
local lease = '${S.LEASE_MARK}' .. ARGV[1] .. string.format('%0${S.UNTIL_LENGTH}.0f', nowMs + tonumber(ARGV[2]))
local taken = ''
for i, key in ipairs(KEYS) do
  if not redis.call('SET', key, lease, 'PX', ${S.LEASE_KEPT_MS}, 'NX') then taken = taken .. i .. ',' end
end
return ARGV[1] .. '|' .. string.format('%.0f', now) .. '|' .. taken
`,
);

/**
 * Takes the leases of keys that are not empty. KEYS; ARGV: token (also the echo), lease ms, mode ('load' |
 * 'refresh'), then per key: the head that its entry must have (mark, generation, fingerprint). Replies {`token|micros`,
 * then per key one text: 'v' entry | 'g' micros(16 digits) stale entry or '' | 'h' milliseconds left}.
 */
export const CLAIM_OVER: Script = script(
  'CLAIM_OVER',
  `${NOW}${PARSE}
local replies = {ARGV[1] .. '|' .. string.format('%.0f', now)}
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
    if slot == '' or left < ${S.LEASE_KEPT_MS} then left = ${S.LEASE_KEPT_MS} end
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
 * Stores loaded values, each under its own lease. The text carries the version of the grant. KEYS; ARGV: echo,
 * deadline ms, not-before ms, the texts, then per key: token, length of its text, px ms. Replies `echo|` and the positions (each
 * followed by `,`) of leases that are void. Outside of its time all are.
 */
export const FILL: Script = script(
  'FILL',
  `${NOW}${textsOf(4)}
local call, attempt, sub = redis.call, redis.pcall, string.sub
local isInTime = nowMs <= tonumber(ARGV[2]) and nowMs >= tonumber(ARGV[3])
local void, at = '', 5
for i, key in ipairs(KEYS) do
  local head = isInTime and attempt('GETRANGE', key, 0, ${S.LEASE_WIDTH - 1})
  local isHeld = type(head) == 'string' and ${fieldOf('head', 0, S.UNTIL_AT)} == '${S.LEASE_MARK}' .. ARGV[at]
  textOf(ARGV[at + 1])
  if isHeld then call('SET', key, text, 'PX', ARGV[at + 2]) else void = void .. i .. ',' end
  at = at + 3
end
return ARGV[1] .. '|' .. void
`,
);

/**
 * Extends leases. KEYS; ARGV: echo, lease ms, then per key: token. Replies `echo|` and the positions of leases
 * that are void.
 */
export const RENEW: Script = script(
  'RENEW',
  `${NOW}
local void = ''
for i, key in ipairs(KEYS) do
  local head = redis.pcall('GETRANGE', key, 0, ${S.LEASE_WIDTH - 1})
  if type(head) == 'string' and string.sub(head, 1, 1) == '${S.LEASE_MARK}' and ${sub('head', S.TOKEN_AT, S.TOKEN_LENGTH)} == ARGV[i + 2] then
    redis.call('SETRANGE', key, ${S.UNTIL_AT}, string.format('%0${S.UNTIL_LENGTH}.0f', nowMs + tonumber(ARGV[2])))
    if redis.call('PTTL', key) < ${S.LEASE_KEPT_MS} then redis.call('PEXPIRE', key, ${S.LEASE_KEPT_MS}) end
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
