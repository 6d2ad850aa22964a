import type { Clock } from '../../core/clock.js';
import { escapeGlob } from '../../core/glob.js';
import { randomText } from '../../core/random.js';
import { ALL_SCRIPTS } from '../commands/scripts.js';
import { RESERVED, type Session } from '../commands/session.js';
import { Failure } from '../failure.js';
import type { Found } from './lineage.js';
import type { ServerClock } from './server-clock.js';

/** What a probe learned of a Redis that answers reads. */
export interface ProbeResult {
  readonly found: Found;
  /** Present when Redis refuses writes. */
  readonly writesRefused: Failure | undefined;
}

export interface ProbeOptions {
  readonly prefix: string;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** As many bytes as the write that was refused last: a small one may pass where it did not. */
  readonly payloadBytes: number;
}

/** The probe's key deletes itself. */
const PROBE_TTL_MS = '5000';

/**
 * Asks Redis to prove itself: a real write, read back, in the time any command has; and learns which
 * process and which data it is. PING would be answered by a replica, by a full or a loading server.
 */
export async function probe(
  session: Session,
  options: ProbeOptions,
): Promise<ProbeResult | Failure> {
  const send = (args: string[]): Promise<unknown> => session.connection.send(args);
  const key = `${options.prefix}${RESERVED}probe:${randomText(8)}`;
  const payload = randomText(8).padEnd(options.payloadBytes, '.');
  const sentAt = options.clock.now();
  const [time, set, got, record, scan, info] = await Promise.all([
    send(['TIME']),
    send(['SET', key, payload, 'PX', PROBE_TTL_MS]),
    send(['GET', key]),
    session.readFence(),
    send(['SCAN', '0', 'MATCH', `${escapeGlob(options.prefix)}*`, 'COUNT', '1000']),
    send(['INFO', 'server']),
    ...ALL_SCRIPTS.map((script) => send(['SCRIPT', 'LOAD', script.source])),
  ]);
  const unavailable = [time, set, got].find(isUnavailable);
  if (unavailable !== undefined) return unavailable;
  const writesRefused = set instanceof Failure ? set : undefined;
  if (writesRefused === undefined && got !== payload) return session.desync('a probe was misread');
  if (Array.isArray(time)) {
    const serverMs = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
    options.serverClock.observe(serverMs, sentAt);
  }
  const found = {
    record: parseRecord(record),
    runId: runIdOf(info),
    isEmpty: isEmptyScan(scan, options.prefix),
  };
  return { found, writesRefused };
}

/** Wrong arguments cannot be: a refused command (`NOPERM`, say) of the essential ones means not usable. */
function isUnavailable(reply: unknown): reply is Failure {
  return reply instanceof Failure && reply.kind !== 'writes';
}

function parseRecord(reply: unknown): Found['record'] {
  if (!Array.isArray(reply)) return undefined;
  const [id, count, generation] = reply;
  if (typeof id !== 'string' || typeof generation !== 'string') return undefined;
  return { id, count: Number(count) || 0, generation };
}

/** Asking may be forbidden: then nothing is known, and each return of the connection counts as a restart. */
function runIdOf(info: unknown): string {
  return typeof info === 'string' ? (/run_id:(\w+)/.exec(info)?.[1] ?? '') : '';
}

/** One step that came to the end and met no entry. A larger database counts as not empty. */
function isEmptyScan(scan: unknown, prefix: string): boolean {
  if (!Array.isArray(scan)) return false;
  const [cursor, keys] = scan;
  const own = `${prefix}${RESERVED}`;
  return String(cursor) === '0' && (keys as string[]).every((key) => key.startsWith(own));
}
