import type { Clock } from '../../core/time/clock.js';
import { LEASE_MS } from '../../entry/layout.js';
import { Failure } from '../failure.js';
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

/** An answer, and the server's time at which it was true, in microseconds. */
interface Shown<A> {
  readonly answer: A;
  readonly micros: number;
}

export interface ClaimsOptions {
  readonly clock: Clock;
  readonly time: Pick<ServerTime, 'observe'>;
  readonly headOf: HeadOf;
}

/**
 * Asks for the right to load keys. An absent key costs one small command. Only if there is something under the
 * key, a second command reads it: a lease, a fresh value, a stale value, or a tombstone. Each reply shows the
 * server's clock, because what is changed after a grant must be newer than it, also if that clock was set on.
 */
export class Claims {
  readonly #first: JoinedBatches<string, Shown<Claimed | 'taken'>>;
  readonly #over: Readonly<Record<'load' | 'refresh', JoinedBatches<string, Shown<Claimed>>>>;
  readonly #options: ClaimsOptions;

  constructor(runner: ScriptRunner, echoes: Echoes, options: ClaimsOptions) {
    const { headOf } = options;
    const over = (mode: 'load' | 'refresh'): JoinedBatches<string, Shown<Claimed>> =>
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
    if (mode === 'refresh') return this.#ask(this.#over.refresh, keys, lane);
    const replies = await this.#ask(this.#first, keys, lane);
    if (!replies.includes('taken')) return replies as readonly ClaimReply[];
    const taken = keys.filter((_, i) => replies[i] === 'taken');
    const rest = await this.#ask(this.#over.load, taken, lane);
    let next = 0;
    return replies.map((reply) => (reply === 'taken' ? (rest[next++] as ClaimReply) : reply));
  }

  async #ask<A>(
    batches: JoinedBatches<string, Shown<A>>,
    keys: readonly string[],
    lane: Lane,
  ): Promise<readonly (A | Failure)[]> {
    const { clock, time } = this.#options;
    const sentAt = clock.now();
    const replies = await batches.run(keys, lane);
    const last = replies.at(-1);
    if (last !== undefined && !(last instanceof Failure)) time.observe(last.micros / 1_000, sentAt);
    return replies.map((reply) => (reply instanceof Failure ? reply : reply.answer));
  }
}

function textLength(): number {
  return 0;
}

class ClaimKind implements BatchKind<string, Shown<Claimed | 'taken'>> {
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

  parse(
    reply: unknown,
    keys: readonly string[],
    token: string,
  ): readonly Shown<Claimed | 'taken'>[] | undefined {
    const [digits, positions, ...more] = afterEcho(reply, token)?.split('|') ?? [];
    const micros = parseNumber(digits);
    if (micros === undefined || positions === undefined || more.length > 0) return undefined;
    const granted: Claimed = { kind: 'granted', token, at: micros, stale: undefined };
    return parsePositions<Shown<Claimed | 'taken'>>(positions, keys.length, [
      { answer: granted, micros },
      { answer: 'taken', micros },
    ]);
  }
}

class ClaimOverKind implements BatchKind<string, Shown<Claimed>> {
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

  parse(
    reply: unknown,
    keys: readonly string[],
    token: string,
  ): readonly Shown<Claimed>[] | undefined {
    if (!Array.isArray(reply) || reply.length !== keys.length + 1) return undefined;
    const micros = parseNumber(afterEcho(reply[0], token));
    if (micros === undefined) return undefined;
    const answers: Shown<Claimed>[] = [];
    for (let i = 1; i < reply.length; i++) {
      const answer = parseClaim(reply[i], token);
      if (answer === undefined) return undefined;
      answers.push({ answer, micros });
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
