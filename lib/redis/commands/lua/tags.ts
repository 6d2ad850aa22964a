import { TAG_VERSION_LENGTH } from '../../../entry/entry-tags.js';
import * as S from '../../../entry/layout.js';
import { NOW, PARSE, type Script, script, sub } from './script.js';

/** The record was made where nothing was, or in place of one that was removed a moment ago. */
export const MADE = 'm';
export const REMADE = 'r';

/** Where a record has that letter, and its version. Before it stands the form of a RawText (codec.ts). */
const ORIGIN_AT: number = S.PAYLOAD_AT + 1;
const TAG_VERSION_AT: number = ORIGIN_AT + 1;

/**
 * Reads the records of tags, and makes those that are missing. A record that would end within half of `life`
 * lives that long again. KEYS; ARGV: echo, life ms, then per key: the head that a record has (mark, generation,
 * fingerprint), a fresh version. Replies {echo, then per key one text: letter, version(10), micros(16 digits) of
 * its making, milliseconds that it lives}.
 */
export const TAG: Script = script(
  'TAG',
  `${NOW}${PARSE}
local digits = '0123456789abcdefghijklmnopqrstuvwxyz'
local function base36(value)
  local text = ''
  for _ = 1, ${S.TTL_LENGTH} do
    local digit = value % 36
    text = string.sub(digits, digit + 1, digit + 1) .. text
    value = (value - digit) / 36
  end
  return text
end
local life = tonumber(ARGV[2])
local function put(key, head, version, letter, tag)
  local times = string.format('%05x%08x', math.floor(version / 4294967296), version % 4294967296)
  local ttl = base36(math.max(0, math.floor(nowMs - version / 1000) + life))
  redis.call('SET', key, head .. '${S.KIND_VALUE}' .. times .. ttl .. 'r' .. letter .. tag, 'PX', ARGV[2])
end
local replies = {ARGV[1]}
for i, key in ipairs(KEYS) do
  local head, tag = ARGV[i * 2 + 1], ARGV[i * 2 + 2]
  local slot = redis.pcall('GET', key)
  slot = type(slot) == 'string' and entryOf(slot) or ''
  local version = versionOf(slot)
  local isRecord = ${sub('slot', 0, S.VERSION_AT)} == head .. '${S.KIND_VALUE}' and string.len(slot) == ${TAG_VERSION_AT + TAG_VERSION_LENGTH}
  local letter, left = '${MADE}', life
  if isRecord then
    letter, tag = ${sub('slot', ORIGIN_AT, 1)}, ${sub('slot', TAG_VERSION_AT, TAG_VERSION_LENGTH)}
    left = redis.call('PTTL', key)
    if left < life / 2 then
      left = life
      put(key, head, version, letter, tag)
    end
  else
    if ${sub('slot', S.KIND_AT, 1)} == '${S.KIND_TOMBSTONE}' then letter = '${REMADE}' end
    local isAhead = version >= now and version < now + ${S.ANOMALY_MICROS}
    version = isAhead and version + 1 or now
    put(key, head, version, letter, tag)
  end
  replies[i + 1] = letter .. tag .. string.format('%016.0f', version) .. string.format('%.0f', left)
end
return replies
`,
);
