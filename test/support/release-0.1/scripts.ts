/** The Lua scripts of release 0.1, word for word. */
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

/** ARGV: stamp, head, tail, latest time of sending (microseconds), ttl ms, deadline ms. */
export const STORE = `${PRELUDE}
if nowMs > tonumber(ARGV[6]) then return {'late', ARGV[1], nowMs} end
if version > tonumber(ARGV[4]) and version < now + 1000000 then
  return {'older', ARGV[1], nowMs}
end
redis.call('SET', key, ARGV[2] .. string.format('%013x', now) .. ARGV[3], 'PX', ARGV[5])
return {'applied', ARGV[1], nowMs}
`;

/** ARGV: stamp, tombstone head, ttl ms. */
export const REMOVE = `${PRELUDE}
local had = 0
if slot ~= '' and string.sub(slot, 17, 17) ~= 't' then had = 1 end
local mark = string.format('%013x', math.max(now, version))
local set = redis.pcall('SET', key, ARGV[2] .. mark, 'PX', ARGV[3])
if type(set) == 'table' and set.err then redis.call('UNLINK', key) end
return {'applied', ARGV[1], had}
`;

export const CLEAR = `${PRELUDE}
if slot ~= '' and string.sub(slot, 17, 17) == 't' then
  if token ~= '' then redis.call('SET', key, slot, 'KEEPTTL') end
  return 0
end
return redis.call('UNLINK', key)
`;

/** ARGV: token, lease ms, expected head, 'load'. */
export const ACQUIRE = `${PRELUDE}
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
`;

/** ARGV: token, head, tail, ttl ms, deadline ms. */
export const FILL = `${PRELUDE}
if token ~= ARGV[1] or nowMs > tonumber(ARGV[5]) then return {'void', ARGV[1]} end
redis.call('SET', key, ARGV[2] .. string.format('%013x', now) .. ARGV[3], 'PX', ARGV[4])
return {'applied', ARGV[1]}
`;

/** ARGV: 'pulse' | 'bump', id, count, generation, expected generation. */
export const FENCE = `
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
`;
