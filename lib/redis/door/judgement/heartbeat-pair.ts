import type { Clock } from '../../../core/time/clock.js';
import type { Records } from '../../commands/records.js';
import { Failure } from '../../failure.js';
import { type Capabilities, type DoorSession, orNoRecords } from '../door-session.js';
import { isRefused } from './refusal.js';
import type { ServerClock } from './server-clock.js';
import { parseInfo, type ServerInfo } from './server-info.js';

/** Both halves of a heartbeat. Either alone proves nothing (R6). */
export interface Pair {
  readonly records: Records;
  readonly role: 'master' | 'replica' | undefined;
  readonly replicationId: string | undefined;
}

export interface PairOptions {
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly capabilities: Capabilities;
  /** The name of the record of positions. */
  readonly positionKey: string;
  /** Our reign, if there is something to fence. `undefined`: only read, because an idle cache writes nothing. */
  readonly fence: string | undefined;
}

type Role = Pick<ServerInfo, 'role' | 'replicationId'> & { readonly micros?: number | undefined };

/** Sends the records' command first, so that the role is the one of that moment or a later one. */
export async function sendPair(
  session: DoorSession,
  options: PairOptions,
): Promise<Pair | Failure> {
  const { clock, serverClock, capabilities, fence } = options;
  const sentAt = clock.now();
  const isTimed = fence === undefined && capabilities.time;
  const [reply, time, role] = await Promise.all([
    fence === undefined ? session.readRecords() : session.fence(fence),
    isTimed ? session.time() : undefined,
    capabilities.info ? roleByInfo(session, !capabilities.time) : roleByWrite(session, options),
  ]);
  const records = orNoRecords(reply);
  if (records instanceof Failure) return records;
  if (time instanceof Failure) return time;
  if (role instanceof Failure) return role;
  const micros = records.micros ?? time ?? role.micros;
  if (micros !== undefined) serverClock.observe(micros / 1_000, sentAt);
  return { records, role: role.role, replicationId: role.replicationId };
}

/** `isTimed`: also returns the server's time, because TIME is refused. */
async function roleByInfo(session: DoorSession, isTimed: boolean): Promise<Role | Failure> {
  const [replication, server] = await Promise.all([
    session.info('replication'),
    isTimed ? session.info('server') : '',
  ]);
  if (replication instanceof Failure) return replication;
  return parseInfo(`${replication}\n${typeof server === 'string' ? server : ''}`);
}

/** Without INFO: PERSIST of a key that has no expiry changes nothing, and a replica fails it with READONLY. */
async function roleByWrite(session: DoorSession, options: PairOptions): Promise<Role | Failure> {
  const reply = await session.send(['PERSIST', options.positionKey]);
  if (!(reply instanceof Failure)) return { role: 'master', replicationId: undefined };
  return isRefused(reply) ? { role: undefined, replicationId: undefined } : reply;
}
