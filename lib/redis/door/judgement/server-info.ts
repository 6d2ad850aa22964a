import { createHash } from 'node:crypto';
import { randomText } from '../../../core/random.js';

/** The fields of INFO that we use. */
export interface ServerInfo {
  /** `undefined`: INFO does not tell it. */
  readonly role: 'master' | 'replica' | undefined;
  readonly runId: string | undefined;
  readonly replicationId: string | undefined;
  readonly mode: 'standalone' | 'cluster' | 'sentinel';
  readonly micros: number | undefined;
}

const LIFE_LENGTH = 16;

/** The first letter of the name of a life that no process can recognise. It never occurs in a hexadecimal hash. */
const UNKNOWN_LIFE = '?';

/** Reads any number of sections of INFO, in any order. */
export function parseInfo(text: string): ServerInfo {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}:([^\\r\\n]+)`, 'm').exec(text)?.[1];
  const role = field('role');
  const mode = field('redis_mode');
  const micros = Number(field('server_time_usec'));
  const isCluster = mode === 'cluster' || field('cluster_enabled') === '1';
  return {
    role: role === 'slave' ? 'replica' : role === 'master' ? 'master' : undefined,
    runId: field('run_id'),
    replicationId: field('master_replid'),
    mode:
      mode === 'sentinel' || role === 'sentinel'
        ? 'sentinel'
        : isCluster
          ? 'cluster'
          : 'standalone',
    micros: micros > 0 ? micros : undefined,
  };
}

/**
 * Names one life of a server: it ends with a restart, a demotion and a promotion. If INFO does not tell enough,
 * each connection is a new life, so that nothing acknowledged before counts as kept.
 */
export function lifeOf(runId: string | undefined, replicationId: string | undefined): string {
  if (runId === undefined || replicationId === undefined) {
    return UNKNOWN_LIFE + randomText(LIFE_LENGTH - 1);
  }
  return createHash('sha1').update(`${runId}:${replicationId}`).digest('hex').slice(0, LIFE_LENGTH);
}

/** The life that a heartbeat shows, on a connection whose life was named before. */
export function lifeNow(
  { runId, life }: { readonly runId: string | undefined; readonly life: string },
  { replicationId }: { readonly replicationId: string | undefined },
): string {
  return replicationId === undefined || runId === undefined ? life : lifeOf(runId, replicationId);
}

export function isKnownLife(life: string): boolean {
  return !life.startsWith(UNKNOWN_LIFE);
}
