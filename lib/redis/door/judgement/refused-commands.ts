import { escapeGlob } from '../../../core/glob.js';
import { type Script, script } from '../../commands/lua/script.js';
import { Failure } from '../../failure.js';
import type { DoorSession } from '../door-session.js';
import { isRefusal } from './refusal.js';

/**
 * Runs the commands of the cache's scripts on a key of the probe's own, and returns how each failed. In this
 * order the key is a string that expires, so that the commands of a hash fail too: as WRONGTYPE, if they may
 * run at all.
 */
export const TRY_COMMANDS: Script = script(
  'TRY_COMMANDS',
  `
local commands = {
  {'GETRANGE', '0', '0'}, {'SETRANGE', '0', '.'}, {'PEXPIRE', ARGV[1]}, {'PTTL'}, {'TYPE'}, {'EXISTS'}, {'MGET'},
  {'HGET', 'n'}, {'HSET', 'n', '0'}, {'HINCRBY', 'n', '0'}, {'UNLINK'}, {'DEL'}
}
local failures = {}
for _, command in ipairs(commands) do
  local name, rest = command[1], {}
  for i = 2, #command do rest[i - 1] = command[i] end
  local reply = redis.pcall(name, KEYS[1], unpack(rest))
  if type(reply) == 'table' and reply.err then failures[#failures + 1] = name .. ' ' .. reply.err end
end
return failures
`,
);

/** Redis' refusals by the name of the command, or why the script itself failed. */
export type RefusedCommands = ReadonlyMap<string, string> | Failure;

/** Asks which commands of the scripts Redis does not know or forbids. */
export async function askRefused(
  session: DoorSession,
  key: string,
  ttlMs: string,
): Promise<RefusedCommands> {
  const reply = await session.send(['EVAL', TRY_COMMANDS.source, '1', key, ttlMs]);
  if (reply instanceof Failure) return reply;
  const refused = new Map<string, string>();
  if (!Array.isArray(reply)) return refused;
  for (const text of reply as readonly unknown[]) {
    const [, name = '', error = ''] = /^(\w+) ([\s\S]*)$/.exec(String(text)) ?? [];
    if (isRefusal(error)) refused.set(name, error);
  }
  return refused;
}

/** One step of SCAN, over one key. */
export function askScan(session: DoorSession, prefix: string): Promise<unknown> {
  return session.send(['SCAN', '0', 'MATCH', `${escapeGlob(prefix)}*`, 'COUNT', '1']);
}
