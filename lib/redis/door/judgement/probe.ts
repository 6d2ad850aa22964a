import { randomText } from '../../../core/random.js';
import type { Clock } from '../../../core/time/clock.js';
import type { Records } from '../../commands/records.js';
import { Failure } from '../../failure.js';
import { type Capabilities, type DoorSession, orNoRecords } from '../door-session.js';
import { clusterNode, forbidden, isRedirect, isRefused, sentinelPort, textOf } from './refusal.js';
import { askRefused, askScan, type RefusedCommands } from './refused-commands.js';
import type { ServerClock } from './server-clock.js';
import { parseInfo, type ServerInfo } from './server-info.js';

/** What a probe learned of a Redis that answers reads. */
export interface Found {
  readonly info: ServerInfo;
  readonly records: Records;
  readonly capabilities: Capabilities;
  /** Present if Redis refuses writes. */
  readonly writesRefused: Failure | undefined;
}

export interface ProbeOptions {
  readonly prefix: string;
  /** The server must be a node of a cluster, or must be none. */
  readonly isCluster: boolean;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  /** As many bytes as the write that was refused last. A smaller one may pass although that one did not. */
  readonly payloadBytes: number;
}

/** The probe's key expires after this, if the probe does not delete it. */
const PROBE_TTL_MS = '5000';

interface Asked {
  readonly payload: string;
  readonly sentAt: number;
  readonly set: unknown;
  readonly got: unknown;
  readonly refused: RefusedCommands;
  readonly time: number | Failure;
  readonly records: Records | Failure;
  readonly info: readonly (string | Failure)[];
  readonly scan: unknown;
}

/**
 * Tests Redis with a real write, read back, in the time that any command has. Finds out which server and which
 * data this is, and which commands it runs. A PING would not do, because a replica, a full server and a loading
 * one answer it. `session` may be in use; the probe then tests whether Redis accepts writes again.
 */
export async function probe(session: DoorSession, options: ProbeOptions): Promise<Found | Failure> {
  const asked = await ask(session, options);
  const info = parseInfo(asked.info.filter((text) => typeof text === 'string').join('\n'));
  const failure = whatItIs(asked, info, options) ?? whatItForbids(asked) ?? whatIsMissing(asked);
  if (failure !== undefined) return failure;
  const { set, got, records, refused } = asked;
  if (records instanceof Failure) return records;
  if (refused instanceof Failure && refused.kind !== 'writes') return refused;
  const writesRefused = set instanceof Failure ? set : undefined;
  if (writesRefused === undefined && got !== asked.payload) {
    return session.desync('a probe was misread');
  }
  observeTime(asked, info, options.serverClock);
  return { info, records, capabilities: capabilitiesOf(asked), writesRefused };
}

/**
 * Sends everything in one round trip. INFO comes first, because an answer such as CLUSTERDOWN ends the
 * connection. SCAN follows only if the record turns out to be missing.
 */
async function ask(session: DoorSession, options: ProbeOptions): Promise<Asked> {
  const { prefix, clock, payloadBytes } = options;
  const key = session.ownKey(`probe:${randomText(8)}`);
  const payload = randomText(8).padEnd(payloadBytes, '.');
  const sentAt = clock.now();
  const [server, replication, set, got, refused, time, reply] = await Promise.all([
    session.info('server'),
    session.info('replication'),
    session.send(['SET', key, payload, 'PX', PROBE_TTL_MS]),
    session.send(['GET', key]),
    askRefused(session, key, PROBE_TTL_MS),
    session.time(),
    session.readRecords(),
  ]);
  const records = orNoRecords(reply);
  const isMissing = !(records instanceof Failure) && records.chain.length === 0;
  const scan = isMissing ? await askScan(session, prefix) : undefined;
  const info = [server, replication];
  return { payload, sentAt, set, got, refused, time, records, info, scan };
}

/** Something other than the Redis it must be. This takes precedence over what it refuses. */
function whatItIs(
  { set, got, records }: Asked,
  info: ServerInfo,
  { isCluster }: ProbeOptions,
): Failure | undefined {
  if (info.mode === 'sentinel') return sentinelPort();
  // A redirect of a node that has just lost its slots fails the probe, and the topology is asked for.
  if (isCluster) return [set, got, records].find(isRedirect);
  if (info.mode === 'cluster') return clusterNode('cluster_enabled:1');
  const redirect = [set, got, records].find(isRedirect);
  return redirect && clusterNode(textOf(redirect));
}

/** The commands without which the cache cannot work at all. */
function whatItForbids({ set, got, refused, records }: Asked): Failure | undefined {
  const essential: readonly (readonly [string, unknown])[] = [
    ['SET', set],
    ['GET', got],
    ['EVAL', refused],
    ['HMGET', records],
  ];
  for (const [command, reply] of essential) {
    if (isRefused(reply)) return forbidden(command, textOf(reply));
  }
  if (refused instanceof Failure) return undefined;
  const first = [...refused].find(([command]) => !SUBSTITUTED.has(command));
  return first && forbidden(...first);
}

/** Commands of scripts that the cache can do without. */
const SUBSTITUTED: ReadonlySet<string> = new Set(['MGET', 'UNLINK', 'DEL']);

/** Redis is away, or does not answer in time. */
function whatIsMissing({ time, info, set, got, records, refused }: Asked): Failure | undefined {
  const replies: readonly unknown[] = [time, ...info, set, got, records, refused];
  return replies.find((reply) => isAway(reply)) as Failure | undefined;
}

function isAway(reply: unknown): boolean {
  return reply instanceof Failure && reply.kind === 'unavailable' && !isRefused(reply);
}

function capabilitiesOf({ refused, scan, time, info }: Asked): Capabilities {
  const may = (command: string): boolean => refused instanceof Failure || !refused.has(command);
  return {
    mget: may('MGET'),
    scan: scan === undefined ? undefined : !isRefused(scan),
    unlink: may('UNLINK') && may('DEL'),
    time: !isRefused(time),
    info: !info.some(isRefused),
  };
}

/** Uses TIME, or the time in INFO. Without both the local clock stays. */
function observeTime(asked: Asked, info: ServerInfo, serverClock: ServerClock): void {
  const micros = typeof asked.time === 'number' ? asked.time : info.micros;
  if (micros !== undefined) serverClock.observe(micros / 1_000, asked.sentAt);
}
