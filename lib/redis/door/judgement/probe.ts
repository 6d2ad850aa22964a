import { randomText } from '../../../core/random.js';
import type { Clock } from '../../../core/time/clock.js';
import { RESERVED } from '../../../entry/slot.js';
import type { Records } from '../../commands/records.js';
import { Failure } from '../../failure.js';
import { type Capabilities, type DoorSession, orNoRecords } from '../door-session.js';
import { clusterNode, forbidden, isRedirect, isRefused, sentinelPort, textOf } from './refusal.js';
import type { ServerClock } from './server-clock.js';
import { parseInfo, type ServerInfo } from './server-info.js';

/** What a probe learned of a Redis that answers reads. */
export interface Found {
  readonly info: ServerInfo;
  readonly records: Records;
  readonly capabilities: Capabilities;
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

/** The probe's key deletes itself, should nobody remove it. */
const PROBE_TTL_MS = '5000';

interface Asked {
  readonly payload: string;
  readonly sentAt: number;
  readonly time: number | Failure;
  readonly info: readonly (string | Failure)[];
  readonly records: Records | Failure;
  readonly set: unknown;
  readonly got: unknown;
  readonly many: unknown;
  /** Commands that only scripts use, by name. Without one of them a script fails half way. */
  readonly inScripts: ReadonlyMap<string, unknown>;
  readonly removed: readonly unknown[];
  readonly scan: unknown;
}

/**
 * Asks Redis to prove itself: a real write, read back, in the time any command has; and learns which
 * server and which data it is, and which commands it runs. PING would be answered by a replica, by a full or
 * a loading server. `session` may be in use: the probe then looks whether writes are accepted again.
 */
export async function probe(session: DoorSession, options: ProbeOptions): Promise<Found | Failure> {
  const asked = await ask(session, options);
  const info = parseInfo(asked.info.filter((text) => typeof text === 'string').join('\n'));
  const failure = unusable(asked, info);
  if (failure !== undefined) return failure;
  const { set, got, many, records } = asked;
  if (records instanceof Failure) return records;
  const writesRefused = set instanceof Failure ? set : undefined;
  const isRead = got === asked.payload && (isRefused(many) || first(many) === null);
  if (writesRefused === undefined && !isRead) return session.desync('a probe was misread');
  observeTime(asked, info, options.serverClock);
  const capabilities = {
    mget: !isRefused(many),
    scan: asked.scan === undefined ? undefined : !isRefused(asked.scan),
    unlink: !asked.removed.some(isRefused),
    time: !isRefused(asked.time),
    info: !asked.info.some(isRefused),
  };
  return { info, records, capabilities, writesRefused };
}

/** Everything in one round trip. SCAN is asked for only where the record is missing, once that is known. */
async function ask(session: DoorSession, options: ProbeOptions): Promise<Asked> {
  const send = (...args: string[]): Promise<unknown> => session.send(args);
  const key = `${options.prefix}${RESERVED}probe:${randomText(8)}`;
  const payload = randomText(8).padEnd(options.payloadBytes, '.');
  const sentAt = options.clock.now();
  const set = send('SET', key, payload, 'PX', PROBE_TTL_MS);
  const reads = [send('GET', key), send('MGET', `${key}:absent`)];
  const inScripts = SCRIPT_COMMANDS.map(([name = '', ...rest]) => send(name, key, ...rest));
  const removed = [send('UNLINK', key), send('DEL', key)];
  const [time, records, server, replication] = await Promise.all([
    session.time(),
    session.readRecords(),
    session.info('server'),
    session.info('replication'),
  ]);
  const [got, many] = await Promise.all(reads);
  const replies = await Promise.all(inScripts);
  const isMissing = !(records instanceof Failure) && records.chain.length === 0;
  return {
    payload,
    sentAt,
    time,
    records: orNoRecords(records),
    info: [server, replication],
    set: await set,
    got,
    many,
    inScripts: new Map(SCRIPT_COMMANDS.map(([name = ''], i) => [name, replies[i]])),
    removed: await Promise.all(removed),
    scan: isMissing ? await send('SCAN', '0', 'COUNT', '1') : undefined,
  };
}

/** Each changes nothing, or the probe's own key. That is no hash, so a hash' commands fail as long as they may run. */
const SCRIPT_COMMANDS: readonly (readonly string[])[] = [
  ['HSET', 'n', '0'],
  ['HINCRBY', 'n', '0'],
  ['HGET', 'n'],
  ['GETRANGE', '0', '0'],
  ['SETRANGE', '0', '.'],
  ['PTTL'],
  ['PEXPIRE', PROBE_TTL_MS],
  ['TYPE'],
  ['EXISTS'],
];

/** Why this server is of no use at all, if it is not. What it *is* goes before what it refuses. */
function unusable(asked: Asked, info: ServerInfo): Failure | undefined {
  const { set, got, many, inScripts } = asked;
  if (info.mode === 'sentinel') return sentinelPort();
  if (info.mode === 'cluster') return clusterNode('cluster_enabled:1');
  const replies = [set, got, many, asked.records, ...inScripts.values(), ...asked.removed];
  const redirect = replies.find(isRedirect);
  if (redirect !== undefined) return clusterNode(textOf(redirect));
  const essential: readonly (readonly [string, unknown])[] = [
    ['SET', set],
    ['GET', got],
    ['HMGET', asked.records],
    ...inScripts,
  ];
  for (const [command, reply] of essential) {
    if (isRefused(reply)) return forbidden(command, reply);
  }
  const failures = [asked.time, ...asked.info, set, got, many, asked.records];
  return failures.find(isAway) as Failure | undefined;
}

function isAway(reply: unknown): boolean {
  return reply instanceof Failure && reply.kind === 'unavailable' && !isRefused(reply);
}

function first(reply: unknown): unknown {
  return Array.isArray(reply) ? reply[0] : undefined;
}

/** TIME, or what INFO says of it; else the local clock stays. */
function observeTime(asked: Asked, info: ServerInfo, serverClock: ServerClock): void {
  const micros = typeof asked.time === 'number' ? asked.time : info.micros;
  if (micros !== undefined) serverClock.observe(micros / 1_000, asked.sentAt);
}
