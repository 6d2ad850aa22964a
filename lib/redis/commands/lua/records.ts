import * as S from '../../../entry/layout.js';
import { NOW, type Script, script } from './script.js';

/*
 * The two records of a prefix. `pos`, a hash: `v` format version, `n` counter, `chain` the last reigns, oldest
 * first, `id:life:base:openedAt` joined by ',', and `gen`, a copy of the generation. `gen`, a string: the
 * generation, `serial:random`. Entries carry the random part. Redis may evict either record at any moment.
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
 * Opens a reign, or joins the present one (R2). KEYS: pos, gen. ARGV: life, fresh reign id, fresh random part
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
 * Increments the counter if the last reign is ours, and repairs the generation (R6). KEYS: pos, gen. ARGV: our
 * reign id. Replies {chain, n, generation, micros}; chain or generation is '' if it is missing.
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
