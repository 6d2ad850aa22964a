import type { CacheReason } from '../../api/reason.js';
import type { CacheMode } from '../../api/status.js';
import { Warnings } from '../../core/advice/warnings.js';
import { logFields } from '../../core/diagnostics/log-fields.js';
import type { Logger } from '../../core/logger.js';
import { errorText } from '../../core/redact/redact.js';
import { formatDuration } from '../../core/time/duration.js';
import type { StoreState } from '../../tiers/store.js';
import type { CacheConfig } from '../options.js';
import type { Line } from './cache-log.js';
import { disabledSentence, type Outage, outageSentence, serviceSentence } from './reasons.js';

/** Every line that says whether Redis serves. */
const SERVICE = 'service';

export function serviceLine(config: Pick<CacheConfig, 'redisName' | 'prefix'>): Line {
  return {
    level: 'info',
    topic: SERVICE,
    message: serviceSentence(config),
    fields: { 'event.action': 'cache-started', 'event.outcome': 'success' },
  };
}

export function disabledLine(disabledBy: string): Line {
  return {
    level: 'info',
    topic: SERVICE,
    message: disabledSentence(disabledBy),
    fields: {
      'event.action': 'cache-disabled',
      'event.outcome': 'unknown',
      'event.reason': 'disabled',
    },
  };
}

type From = CacheMode | undefined;

export function outageLine(state: StoreState, outage: Outage & { readonly from: From }): Line {
  return {
    level: 'error',
    topic: SERVICE,
    message: outageSentence(state, outage),
    fields: {
      'event.action': 'cache-degraded',
      'event.outcome': 'failure',
      'event.reason': state.reason,
      'error.message': outage.error,
      'labels.from': outage.from,
      'labels.to': state.mode,
      'labels.journal_entries': state.journal.entries,
    },
  };
}

interface EndedOutage {
  readonly reason: CacheReason | undefined;
  readonly from: From;
  readonly ms: number;
}

export function recoveryLine(redisName: string, { reason, from, ms }: EndedOutage): Line {
  return {
    level: 'info',
    topic: SERVICE,
    message: `Redis (${redisName}) serves again after ${formatDuration(ms)}.`,
    fields: {
      'event.action': 'cache-recovered',
      'event.outcome': 'success',
      // Of an outage with another reason the end is news too.
      'event.reason': reason,
      'event.duration': Math.round(ms * 1e6),
      'labels.from': from,
      'labels.to': 'normal',
    },
  };
}

export function overflowLine({
  journalMax,
  prefix,
}: Pick<CacheConfig, 'journalMax' | 'prefix'>): Line {
  return {
    level: 'warn',
    topic: 'journal',
    message: `more than ${journalMax} writes wait for Redis: every entry under the prefix '${prefix}' will count as gone when it is back.`,
    fields: {
      'event.action': 'journal-overflowed',
      'event.outcome': 'failure',
      'labels.journal_entries': journalMax,
    },
  };
}

export function lossLine({ redisName, prefix }: Pick<CacheConfig, 'redisName' | 'prefix'>): Line {
  return {
    level: 'error',
    topic: 'data',
    message: `Redis (${redisName}) came back without writes it had acknowledged: every entry under the prefix '${prefix}' counts as gone.`,
    fields: { 'event.action': 'data-lost', 'event.outcome': 'failure' },
  };
}

export function tooLargeLine(
  { maxValueBytes }: Pick<CacheConfig, 'maxValueBytes'>,
  key: string,
  bytes: number,
): Line {
  return {
    level: 'warn',
    topic: 'value',
    message: `the value of ${key} has ${bytes} bytes and is not stored: maxValueBytes is ${maxValueBytes}. Store less, or raise maxValueBytes.`,
    fields: { 'event.action': 'value-too-large', 'event.outcome': 'failure' },
  };
}

export function listenerLine(error: unknown): Line {
  const text = errorText(error);
  return {
    level: 'warn',
    topic: 'listener',
    message: `an event listener threw: ${text}`,
    fields: {
      'event.action': 'listener-failed',
      'event.outcome': 'failure',
      'error.message': text,
    },
  };
}

/** Warnings of what is probably a mistake. Each is said once. */
export function warningsTo(logger: Logger, cache: string): Warnings {
  const kind = { 'event.action': 'advice', 'event.outcome': 'unknown' } as const;
  return new Warnings((text, heading) =>
    logger.warn(text, logFields(cache, { ...kind, 'event.reason': heading })),
  );
}

const EDGE = 'edge';

export function edgeRefusedLine(edge: string, error: string): Line {
  return {
    level: 'warn',
    topic: EDGE,
    message: `the edge (${edge}) did not accept a purge, so it may serve old answers: ${error}`,
    fields: {
      'event.action': 'edge-refused-purges',
      'event.outcome': 'failure',
      'error.message': error,
    },
  };
}

export function edgeAcceptsLine(edge: string): Line {
  return {
    level: 'info',
    topic: EDGE,
    message: `the edge (${edge}) accepts purges again.`,
    fields: { 'event.action': 'edge-accepts-purges', 'event.outcome': 'success' },
  };
}
