import { createHash } from 'node:crypto';

/** A Lua script that touches exactly one key, so that it also runs on a cluster. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/*
 * A slot (the string under one entry's key) is
 *
 *     [ 'L' token(10) until(13) ]  entry?        while a process loads the key: a lease
 *     'E1' generation(6) fingerprint(8) kind(1) version(13) ttl(8) …           an entry
 *
 * `version` is the server's time at which the entry was stored, in microseconds and hexadecimal. What is
 * under the key and looks like neither is foreign: it counts as absent and may be overwritten.
 */
const PRELUDE = `
local key = KEYS[1]
local slot = redis.pcall('GET', key)
if type(slot) ~= 'string' then slot = '' end
local token, untilMs = '', 0
if string.sub(slot, 1, 1) == 'L' then
  token = string.sub(slot, 2, 11)
  untilMs = tonumber(string.sub(slot, 12, 24)) or 0
  slot = string.sub(slot, 25)
end
local version = tonumber(string.sub(slot, 18, 30), 16)
if string.sub(slot, 1, 2) ~= 'E1' or not version then slot, version = '', 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local nowMs = math.floor(now / 1000)
`;

/** A version this far in the future was made before the server's clock was set back: it proves nothing. */
const ANOMALY_MICROS = 1_000_000;

/**
 * Stores an entry unless a newer one (or the tombstone of a newer delete) is there, or the deadline has
 * passed: a command that was written to a hung server and runs when it wakes must lose. Newer is what was
 * stored after this command was sent; what was stored before that is never mistaken for it, because the
 * sender adds what its clock may be wrong by.
 * ARGV: stamp, head, tail, latest time of sending (microseconds), ttl ms, deadline ms. Replies {outcome, stamp, server ms}.
 */
export const STORE: Script = script(`${PRELUDE}
if nowMs > tonumber(ARGV[6]) then return {'late', ARGV[1], nowMs} end
if version > tonumber(ARGV[4]) and version < now + ${ANOMALY_MICROS} then
  return {'older', ARGV[1], nowMs}
end
redis.call('SET', key, ARGV[2] .. string.format('%013x', now) .. ARGV[3], 'PX', ARGV[5])
return {'applied', ARGV[1], nowMs}
`);

/**
 * Leaves a short-lived tombstone, which voids a lease and outlives every write that is still on its way.
 * ARGV: stamp, tombstone head, ttl ms. Replies {'applied', stamp, 1 if there was an entry}.
 */
export const REMOVE: Script = script(`${PRELUDE}
local had = 0
if slot ~= '' and string.sub(slot, 17, 17) ~= 't' then had = 1 end
local mark = string.format('%013x', math.max(now, version))
local set = redis.pcall('SET', key, ARGV[2] .. mark, 'PX', ARGV[3])
if type(set) == 'table' and set.err then redis.call('UNLINK', key) end
return {'applied', ARGV[1], had}
`);

/**
 * Takes the lease on a key that is about to be loaded, keeping what is in the slot.
 * ARGV: token, lease ms, expected head ('E1' generation fingerprint).
 * Replies {'value', token, entry} | {'granted', token, stale entry or ''} | {'held', token, ms left, stale entry or ''}.
 */
export const ACQUIRE: Script = script(`${PRELUDE}
local entry = ''
local kind = string.sub(slot, 17, 17)
if string.sub(slot, 1, 16) == ARGV[3] and (kind == 'v' or kind == 'g') then entry = slot end
if entry ~= '' then
  local fresh = version / 1000 + (tonumber(string.sub(entry, 31, 38), 36) or 0) > nowMs
  if fresh and ARGV[4] ~= 'refresh' then return {'value', ARGV[1], entry} end
end
if token ~= '' and token ~= ARGV[1] and untilMs > nowMs then
  return {'held', ARGV[1], untilMs - nowMs, entry}
end
local lease = 'L' .. ARGV[1] .. string.format('%013d', nowMs + tonumber(ARGV[2])) .. slot
local left = redis.call('PTTL', key)
if slot == '' or left < tonumber(ARGV[2]) then left = tonumber(ARGV[2]) end
redis.call('SET', key, lease, 'PX', left)
return {'granted', ARGV[1], entry}
`);

/**
 * Stores what was loaded under a lease; refused once the lease is void (deleted, set, expired and taken),
 * and after its deadline: what a hung server runs when it wakes would begin a new life of an old value.
 * ARGV: token, head, tail, ttl ms, deadline ms. Replies {'applied' | 'void', token}.
 */
export const FILL: Script = script(`${PRELUDE}
if token ~= ARGV[1] or nowMs > tonumber(ARGV[5]) then return {'void', ARGV[1]} end
redis.call('SET', key, ARGV[2] .. string.format('%013x', now) .. ARGV[3], 'PX', ARGV[4])
return {'applied', ARGV[1]}
`);

/**
 * Removes what is in a slot and keeps a tombstone, which may still be needed against a late write; a lease
 * is void either way. Replies 1 if something was removed.
 */
export const CLEAR: Script = script(`${PRELUDE}
if slot ~= '' and string.sub(slot, 17, 17) == 't' then
  if token ~= '' then redis.call('SET', key, slot, 'KEEPTTL') end
  return 0
end
return redis.call('UNLINK', key)
`);

/** Makes a lease last longer. ARGV: token, lease ms. Replies {'applied' | 'void', token}. */
export const RENEW: Script = script(`${PRELUDE}
if token ~= ARGV[1] then return {'void', ARGV[1]} end
local lease = 'L' .. ARGV[1] .. string.format('%013d', nowMs + tonumber(ARGV[2])) .. slot
local left = redis.call('PTTL', key)
if left < tonumber(ARGV[2]) then left = tonumber(ARGV[2]) end
redis.call('SET', key, lease, 'PX', left)
return {'applied', ARGV[1]}
`);

/** Gives a lease back without a value. ARGV: token. Replies {'applied' | 'void', token}. */
export const RELEASE: Script = script(`${PRELUDE}
if token ~= ARGV[1] then return {'void', ARGV[1]} end
if slot == '' then redis.call('UNLINK', key) else redis.call('SET', key, slot, 'KEEPTTL') end
return {'applied', ARGV[1]}
`);

/**
 * The prefix's own record, a hash: which lineage of data this is, how far it has come (a fence that only
 * grows), and the generation that entries must carry to count.
 * ARGV: mode ('pulse' | 'bump'), id, count, generation, expected generation.
 * 'pulse' creates the record from the arguments where there is none, and counts when the id is ours.
 * 'bump' changes the generation; with an expected one, only if somebody did not change it already. Replies {id, count, generation, server ms}.
 */
export const FENCE: Script = script(`
local key = KEYS[1]
local kind = redis.call('TYPE', key)
if kind.ok ~= 'hash' and kind.ok ~= 'none' then redis.call('DEL', key) end
local found = redis.call('HMGET', key, 'id', 'n', 'gen')
local id, count, gen = found[1], tonumber(found[2] or '0') or 0, found[3]
if not id or not gen then
  id, count, gen = ARGV[2], tonumber(ARGV[3]), ARGV[4]
  redis.call('HSET', key, 'id', id, 'n', count, 'gen', gen)
elseif ARGV[1] == 'bump' and (ARGV[5] == '' or gen == ARGV[5]) then
  gen = ARGV[4]
  if count < tonumber(ARGV[3]) then count = tonumber(ARGV[3]) end
  redis.call('HSET', key, 'n', count, 'gen', gen)
end
if ARGV[1] == 'bump' or id == ARGV[2] then count = redis.call('HINCRBY', key, 'n', 1) end
local time = redis.call('TIME')
return {id, count, gen, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)}
`);

export const ALL_SCRIPTS: readonly Script[] = [
  STORE,
  REMOVE,
  CLEAR,
  ACQUIRE,
  FILL,
  RENEW,
  RELEASE,
  FENCE,
];
