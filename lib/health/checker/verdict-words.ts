import type { CheckState } from '../types.js';

/** Words that checks and services use for their state, by our words. */
const WORDS: Readonly<Record<CheckState, readonly string[]>> = {
  up: ['up', 'ok', 'pass', 'passed', 'passing', 'healthy', 'alive', 'ready', 'green', 'serving'],
  degraded: ['degraded', 'warn', 'warning', 'yellow'],
  down: [
    ...['down', 'error', 'fail', 'failed', 'failing', 'unhealthy', 'dead', 'red', 'critical'],
    ...['not_serving', 'out_of_service', 'unavailable', 'offline', 'disconnected', 'unreachable'],
  ],
};

const BY_WORD: ReadonlyMap<string, CheckState> = new Map(
  Object.entries(WORDS).flatMap(([state, words]) =>
    words.map((word) => [word, state as CheckState] as const),
  ),
);

/** What a word means, in upper or lower case. */
export function stateOfWord(word: unknown): CheckState | undefined {
  return typeof word === 'string' ? BY_WORD.get(word.trim().toLowerCase()) : undefined;
}

/** Fields that say whether a dependency is healthy. If one says no, it is a verdict. A zero is a no as well. */
const GOOD = ['ok', 'healthy', 'isHealthy', 'up', 'isUp', 'alive', 'isAlive'] as const;

/** The same, but here a zero may be a count: of free connections, of clients. */
const GOOD_OR_COUNT = [
  ...['ready', 'isReady', 'connected', 'isConnected', 'success', 'available', 'reachable'],
  'online',
] as const;

/** Fields that say that something is wrong. A number there is a count, not a verdict. */
const BAD = ['error', 'err', 'errors', 'failed', 'isDown', 'down', 'unhealthy'] as const;

export interface FailingField {
  readonly name: string;
  /** Whether its value says why: an error or a text. */
  readonly isCause: boolean;
}

/** The first field that says that something is wrong, in an object without a status. */
export function failingField(value: Readonly<Record<string, unknown>>): FailingField | undefined {
  const bad = BAD.find((name) => isYes(value[name]));
  if (bad !== undefined) return { name: bad, isCause: value[bad] !== true };
  const good =
    GOOD.find((name) => isNo(value[name]) || isZero(value[name])) ??
    GOOD_OR_COUNT.find((name) => isNo(value[name]));
  return good === undefined ? undefined : { name: good, isCause: false };
}

function isNo(value: unknown): boolean {
  return value === false || value === 'false';
}

function isZero(value: unknown): boolean {
  return value === 0 || value === 0n;
}

/** `errors: []` and `error: null` tell of no error. */
function isYes(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'string') return value !== '' && !isNo(value);
  return value === true || (typeof value === 'object' && value !== null);
}
