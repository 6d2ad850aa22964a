import { LEASE_MS } from '../../entry/layout.js';
import { Failure } from '../failure.js';
import type { FillItem, Lane } from '../remote.js';
import type { BatchKind } from './batches/batch-sender.js';
import type { Echoes } from './batches/echoes.js';
import { hideTexts } from './batches/hidden-texts.js';
import { JoinedBatches } from './batches/joined-batches.js';
import { PlainKind, type PlainScript } from './batches/plain-kind.js';
import type { ScriptRunner } from './batches/script-runner.js';
import type { SendingTimes } from './batches/sending-times.js';
import { afterEcho, parsePositions } from './replies.js';
import { FILL, RELEASE, RENEW } from './scripts.js';

export interface LeaseName {
  readonly key: string;
  readonly token: string;
}

type Held = 'done' | 'void';

/** Stores values under leases, renews leases, and gives them back. */
export class Leases {
  readonly #fills: JoinedBatches<FillItem, Held>;
  readonly #renewals: JoinedBatches<LeaseName, Held>;
  readonly #releases: JoinedBatches<LeaseName, Held>;

  constructor(runner: ScriptRunner, echoes: Echoes, times: SendingTimes) {
    const renew = leaseKind(echoes, { script: RENEW, shared: [`${LEASE_MS}`] });
    const release = leaseKind(echoes, { script: RELEASE, shared: [] });
    this.#fills = new JoinedBatches(runner, new FillKind(echoes, times));
    this.#renewals = new JoinedBatches(runner, renew);
    this.#releases = new JoinedBatches(runner, release);
  }

  async fill(items: readonly FillItem[], lane: Lane): Promise<readonly Held[] | Failure> {
    return allOrFailure(await this.#fills.run(items, lane));
  }

  async renew(leases: readonly LeaseName[]): Promise<readonly Held[] | Failure> {
    return allOrFailure(await this.#renewals.run(leases, 'request'));
  }

  async release(leases: readonly LeaseName[]): Promise<Failure | undefined> {
    const answers = allOrFailure(await this.#releases.run(leases, 'request'));
    return answers instanceof Failure ? answers : undefined;
  }
}

function allOrFailure<A>(answers: readonly (A | Failure)[]): readonly A[] | Failure {
  const failure = answers.find((answer) => answer instanceof Failure);
  return failure instanceof Failure ? failure : (answers as readonly A[]);
}

function parseHeld(reply: unknown, count: number, echo: string): readonly Held[] | undefined {
  const positions = afterEcho(reply, echo);
  return positions === undefined
    ? undefined
    : parsePositions<Held>(positions, count, ['done', 'void']);
}

class FillKind implements BatchKind<FillItem, Held> {
  readonly script = FILL;
  readonly #echoes: Echoes;
  readonly #times: SendingTimes;

  constructor(echoes: Echoes, times: SendingTimes) {
    this.#echoes = echoes;
    this.#times = times;
  }

  keyOf(item: FillItem): string {
    return item.key;
  }

  bytesOf(item: FillItem): number {
    return Buffer.byteLength(item.text);
  }

  compose(
    items: readonly FillItem[],
    bytes: number,
  ): {
    readonly args: readonly (string | Buffer)[];
    readonly echo: string;
  } {
    const echo = this.#echoes.next();
    const { texts, lengths } = hideTexts(items, bytes);
    const [deadline, earliest] = this.#times.bounds(texts.length);
    const args: (string | Buffer)[] = [echo, deadline, earliest, texts];
    items.forEach(({ token, pxMs }, i) => {
      args.push(token, lengths[i] as string, `${pxMs}`);
    });
    return { args, echo };
  }

  parse(reply: unknown, items: readonly FillItem[], echo: string): readonly Held[] | undefined {
    return parseHeld(reply, items.length, echo);
  }
}

/** A script that needs only the token of a lease. */
function leaseKind(
  echoes: Echoes,
  own: Pick<PlainScript<LeaseName, Held>, 'script' | 'shared'>,
): PlainKind<LeaseName, Held> {
  return new PlainKind(echoes, { ...own, argsOf: ({ token }) => [token], parse: parseHeld });
}
