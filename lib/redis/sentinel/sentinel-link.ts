import type { Clock } from '../../core/time/clock.js';
import { type Address, addressText, isPort } from '../address.js';
import type { ConnectTo } from '../connection/client.js';
import type { Connection, ConnectionSource, Cost } from '../connection/connection.js';
import { connectionSource } from '../connection/connection-source.js';
import { Failure } from '../failure.js';
import type { Word } from './verdict.js';

/** How long a Sentinel that is connected has for its answer. A handshake has at least a second. */
const ANSWER_MS = 250;

const COST: Cost = { keys: 0, bytes: 1_024 };

export interface LinkOptions {
  readonly clock: Clock;
  readonly master: string;
  readonly connect: ConnectTo;
  readonly nat: (address: Address) => Address;
}

/** One Sentinel, and a connection to it while it is asked. */
export class SentinelLink {
  readonly address: Address;
  readonly #options: LinkOptions;
  readonly #source: ConnectionSource;
  #connection: Promise<Connection | Failure> | undefined;
  /** A Sentinel's user may be allowed to ask for the address alone. */
  #tellsEpoch = true;

  constructor(address: Address, options: LinkOptions) {
    const { clock, connect } = options;
    this.address = address;
    this.#options = options;
    this.#source = connectionSource(
      { kind: 'made', create: (lack) => connect(address, lack) },
      {
        clock,
        commandTimeoutMs: ANSWER_MS,
        onLost: () => this.rest(),
        onReady: () => {},
      },
    );
  }

  /** Asks which server is the primary now. Never rejects. */
  async ask(): Promise<Word | Failure> {
    this.#connection ??= this.#source.open();
    const connection = await this.#connection;
    const word = connection instanceof Failure ? connection : await this.#ask(connection);
    if (word instanceof Failure) this.rest();
    return word instanceof Failure ? this.#named(word) : word;
  }

  /** Ends the connection until the next question. */
  rest(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    void connection?.then((each) => each instanceof Failure || each.dispose());
  }

  close(): void {
    this.rest();
    this.#source.close();
  }

  async #ask(connection: Connection): Promise<Word | Failure> {
    const { master } = this.#options;
    const send = (command: string): Promise<unknown> =>
      connection.send(['SENTINEL', command, master], COST);
    // In one packet, so that nothing happens between the two.
    const [details, found] = await Promise.all([
      this.#tellsEpoch ? send('MASTER') : undefined,
      send('GET-MASTER-ADDR-BY-NAME'),
    ]);
    if (found instanceof Failure) return found.isRefusal ? noSentinel(found) : found;
    if (details instanceof Failure && details.isRefusal) this.#tellsEpoch = false;
    const address = parsePair(found);
    if (address === undefined) return unknownMaster(master);
    const mapped = this.#mapped(address);
    return mapped instanceof Failure ? mapped : { address: mapped, epoch: epochIn(details) };
  }

  #mapped(address: Address): Address | Failure {
    try {
      return this.#options.nat(address);
    } catch (error) {
      return failure(error);
    }
  }

  #named({ kind, reason, error }: Failure): Failure {
    const text = error instanceof Error ? error.message || error.name : String(error);
    return new Failure(kind, reason, new Error(`Sentinel ${addressText(this.address)}: ${text}`));
  }
}

/** [host, port], as Sentinels announce an address. */
function parsePair(reply: unknown): Address | undefined {
  if (!Array.isArray(reply) || reply.length !== 2) return undefined;
  const [host, port] = [String(reply[0]), Number(reply[1])];
  return host === '' || !isPort(port) ? undefined : { host, port };
}

/** The `config-epoch` of a reply: a map (RESP 3), or names and values in turn. */
function epochIn(details: unknown): number | undefined {
  if (details instanceof Failure || typeof details !== 'object' || details === null) {
    return undefined;
  }
  const text: unknown = Array.isArray(details)
    ? details[details.indexOf('config-epoch') + 1]
    : (details as Record<string, unknown>)['config-epoch'];
  const epoch = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(epoch) ? epoch : undefined;
}

function unknownMaster(master: string): Failure {
  return failure(new Error(`it knows no master named '${master}'`));
}

function noSentinel({ error }: Failure): Failure {
  const told = error instanceof Error ? error.message : String(error);
  return failure(new Error(`it is no Sentinel, or may not be asked (${told})`));
}

function failure(error: unknown): Failure {
  return new Failure('unavailable', 'no_primary', error);
}
