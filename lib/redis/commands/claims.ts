import type { Clock } from '../../core/time/clock.js';
import { LEASE_MS } from '../../entry/layout.js';
import type { Failure } from '../failure.js';
import type { ClaimReply, Lane } from '../remote.js';
import type { ServerTime } from '../server-time.js';
import type { BatchKind } from './batches/batch-sender.js';
import type { Echoes } from './batches/echoes.js';
import { JoinedBatches } from './batches/joined-batches.js';
import type { ScriptRunner } from './batches/script-runner.js';
import { afterEcho, parseNumber, parsePositions } from './replies.js';
import { CLAIM, CLAIM_OVER } from './scripts.js';

/** The head that a usable entry of this key has: mark, generation, fingerprint. */
export type HeadOf = (key: string) => string;

type Claimed = Exclude<ClaimReply, Failure>;
/** There is something under the key. `at`: the server's time, microseconds. */
interface Taken {
  readonly kind: 'taken';
  readonly at: number;
}

type FirstReply = Claimed | Taken;

export interface ClaimsOptions {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, 'observe'>;
  readonly headOf: HeadOf;
}

/**
 * Asks for the right to load keys. An absent key costs one small command. Only if there is something under the
 * key, a second command reads it: a lease, a fresh value, a stale value, or a tombstone. The first reply shows the
 * server's clock: what is changed after the load must be newer than it, also if that clock was set on.
 */
export class Claims {
  readonly #first: JoinedBatches<string, FirstReply>;
  readonly #over: Readonly<Record<'load' | 'refresh', JoinedBatches<string, Claimed>>>;
  readonly #options: ClaimsOptions;

  constructor(runner: ScriptRunner, echoes: Echoes, options: ClaimsOptions) {
    const { headOf } = options;
    const over = (mode: 'load' | 'refresh'): JoinedBatches<string, Claimed> =>
      new JoinedBatches(runner, new ClaimOverKind(echoes, headOf, mode));
    this.#first = new JoinedBatches(runner, new ClaimKind(echoes));
    this.#over = { load: over('load'), refresh: over('refresh') };
    this.#options = options;
  }

  async claim(
    keys: readonly string[],
    mode: 'load' | 'refresh',
    lane: Lane,
  ): Promise<readonly ClaimReply[]> {
    // A key that is to be refreshed has a value.
    if (mode === 'refresh') return this.#over.refresh.run(keys, lane);
    const { clock, time } = this.#options;
    const sentAt = clock.now();
    const replies = await this.#first.run(keys, lane);
    const micros = shownBy(replies.at(-1));
    if (micros !== undefined) time.observe(micros / 1_000, sentAt);
    const taken = keys.filter((_, i) => isTaken(replies[i]));
    if (taken.length === 0) return replies as readonly ClaimReply[];
    const rest = await this.#over.load.run(taken, lane);
    let next = 0;
    return replies.map((reply) => (isTaken(reply) ? rest[next++] : reply) as ClaimReply);
  }
}

function isTaken(reply: FirstReply | Failure | undefined): boolean {
  return reply?.kind === 'taken';
}

function shownBy(reply: FirstReply | Failure | undefined): number | undefined {
  return reply?.kind === 'taken' || reply?.kind === 'granted' ? reply.at : undefined;
}

function textLength(): number {
  return 0;
}

class ClaimKind implements BatchKind<string, FirstReply> {
  readonly script = CLAIM;
  readonly bytesOf = textLength;
  readonly #echoes: Echoes;

  constructor(echoes: Echoes) {
    this.#echoes = echoes;
  }

  keyOf(key: string): string {
    return key;
  }

  /** The token is the echo. */
  compose(): { readonly args: readonly string[]; readonly echo: string } {
    const token = this.#echoes.next();
    return { args: [token, `${LEASE_MS}`], echo: token };
  }

  parse(reply: unknown, keys: readonly string[], token: string): readonly FirstReply[] | undefined {
    const [micros, positions, ...more] = afterEcho(reply, token)?.split('|') ?? [];
    const at = parseNumber(micros);
    if (at === undefined || positions === undefined || more.length > 0) return undefined;
    const granted: Claimed = { kind: 'granted', token, at, stale: undefined };
    return parsePositions<FirstReply>(positions, keys.length, [granted, { kind: 'taken', at }]);
  }
}

class ClaimOverKind implements BatchKind<string, Claimed> {
  readonly script = CLAIM_OVER;
  readonly bytesOf = textLength;
  readonly #echoes: Echoes;
  readonly #headOf: HeadOf;
  readonly #mode: 'load' | 'refresh';

  constructor(echoes: Echoes, headOf: HeadOf, mode: 'load' | 'refresh') {
    this.#echoes = echoes;
    this.#headOf = headOf;
    this.#mode = mode;
  }

  keyOf(key: string): string {
    return key;
  }

  compose(keys: readonly string[]): { readonly args: readonly string[]; readonly echo: string } {
    const token = this.#echoes.next();
    const args = [token, `${LEASE_MS}`, this.#mode];
    for (const key of keys) args.push(this.#headOf(key));
    return { args, echo: token };
  }

  parse(reply: unknown, keys: readonly string[], token: string): readonly Claimed[] | undefined {
    if (!Array.isArray(reply) || reply.length !== keys.length + 1) return undefined;
    if (reply[0] !== token) return undefined;
    const answers: Claimed[] = [];
    for (let i = 1; i < reply.length; i++) {
      const answer = parseClaim(reply[i], token);
      if (answer === undefined) return undefined;
      answers.push(answer);
    }
    return answers;
  }
}

const MICROS_LENGTH = 16;

function parseClaim(text: unknown, token: string): Claimed | undefined {
  if (typeof text !== 'string') return undefined;
  const rest = text.slice(1);
  switch (text.charAt(0)) {
    case 'v':
      return rest === '' ? undefined : { kind: 'value', entry: rest };
    case 'g':
      return parseGrant(rest, token);
    case 'h': {
      const leftMs = parseNumber(rest);
      return leftMs === undefined ? undefined : { kind: 'held', leftMs };
    }
    default:
      return undefined;
  }
}

function parseGrant(text: string, token: string): Claimed | undefined {
  const at = parseNumber(text.slice(0, MICROS_LENGTH));
  if (at === undefined || text.length < MICROS_LENGTH) return undefined;
  const stale = text.slice(MICROS_LENGTH);
  return { kind: 'granted', token, at, stale: stale === '' ? undefined : stale };
}
