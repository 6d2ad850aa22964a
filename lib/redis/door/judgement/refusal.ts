import type { CacheReason } from '../../../api/reason.js';
import { Failure, LASTING } from '../../failure.js';

/** The text of Redis' error. */
export function textOf({ error }: Failure): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The errors for a command that is unknown or forbidden: by an ACL, also inside a script, by `rename-command`,
 * or by a proxy.
 */
const REFUSALS = [
  /^NOPERM/,
  /unknown command/i,
  /unknown redis command/i,
  /ACL failure in script/i,
  /can't run this command or subcommand/i,
  /(command|subcommand).*(not (supported|allowed|permitted|available)|disabled|forbidden)/i,
  /unsupported command/i,
  /no permissions? to/i,
];

/**
 * "OOM command not allowed …" is about memory. An error that only refuses writes does not forbid a command for
 * good.
 */
const WRITES_ALONE = /\b(OOM|MISCONF|READONLY|NOREPLICAS)\b/;

/** Whether an error says that the command is unknown or forbidden. */
export function isRefusal(text: string): boolean {
  return !WRITES_ALONE.test(text) && REFUSALS.some((words) => words.test(text));
}

/** Whether Redis did not run the command because it does not know it or forbids it. */
export function isRefused(reply: unknown): reply is Failure {
  if (!(reply instanceof Failure)) return false;
  if (reply.reason === 'permission') return true;
  return isRefusal(textOf(reply));
}

/** Whether only sweeping needs the refused command. */
export function isSweepRefused(reply: unknown): boolean {
  return isRefused(reply) && /\b(scan|unlink|del)\b/i.test(textOf(reply));
}

/** Whether it is the answer of a node of a Redis Cluster for keys that are not its own. */
export function isRedirect(reply: unknown): reply is Failure {
  return (
    reply instanceof Failure &&
    (reply.isAbout('MOVED') || reply.isAbout('ASK ') || reply.isAbout('CROSSSLOT'))
  );
}

/** Redis is a replica now: its data may be another one. */
export function isDemotion(failure: Failure): boolean {
  return /\bREADONLY\b/.test(textOf(failure));
}

/** The failure for a refused command that the cache needs. */
export function forbidden(command: string, told: string): Failure {
  const message = `Redis does not run ${command}, which the cache needs: ${told}`;
  return new Failure('unavailable', 'permission', new Error(message));
}

export function clusterNode(told: string): Failure {
  const message = `this is a node of a Redis Cluster (${told}); write redis: { cluster: { nodes: ['redis://host:6379'] } }`;
  return new Failure('unavailable', 'cluster_node', new Error(message));
}

export function sentinelPort(): Failure {
  const message =
    "this is the port of a Sentinel; write redis: { sentinel: { master: 'mymaster', sentinels: ['host:26379'] } }";
  return new Failure('unavailable', 'sentinel', new Error(message));
}

/** We wait at least this long after a failure that does not end by itself within seconds. */
const SLOW_PAUSE_MS = 5_000;

/** The shortest pause after a failure for this reason. */
export function shortestPauseMs(reason: CacheReason): number {
  return LASTING.has(reason) ? SLOW_PAUSE_MS : 0;
}
