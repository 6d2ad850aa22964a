import { buildCache, buildRemote } from '../../../lib/cache/create-cache.js';
import { parseCacheOptions } from '../../../lib/cache/parse-options.js';
import type { LogFields } from '../../../lib/core/diagnostics/log-fields.js';
import { systemClock } from '../../../lib/core/time/clock.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import type { Oracle } from '../oracle/oracle.js';
import { flushListener } from '../performer/flushes.js';
import type { Player } from '../performer/theatre.js';
import { LEASE_WAIT, type Setting } from '../setting.js';

/** A cache of its own, behind a network of its own. */
export interface Member extends Player {
  readonly proxy: FaultProxy;
  network: 'pass' | 'blackhole' | 'refuse';
}

export interface MemberOptions {
  readonly name: string;
  readonly prefix: string;
  readonly setting: Setting;
  readonly oracle: Oracle;
  /** Redis' port. */
  readonly port: number;
}

export async function newMember(options: MemberOptions): Promise<Member> {
  const { name, prefix, oracle } = options;
  const { ttl, outageTtl, journalMax, memoryMax, commandTimeout } = options.setting;
  const proxy = await FaultProxy.start(options.port);
  const listener = flushListener(() => oracle.mayFlush(name));
  const config = parseCacheOptions({
    redis: proxy.url,
    prefix,
    ttl,
    commandTimeout,
    leaseWait: LEASE_WAIT,
    memory: { max: memoryMax, outageTtl },
    journal: { max: journalMax },
    logger: {
      ...listener,
      warn: (line: string, fields: LogFields) => {
        oracle.note(`${name}: ${line.slice(23, 60)}`);
        listener.warn(line, fields);
      },
    },
  });
  const remote = buildRemote(config, systemClock);
  const cache = buildCache(config, { clock: systemClock, remote });
  const serverTime = remote.doorFor('').time;
  return { name, cache, proxy, serverTime, network: 'pass' };
}
