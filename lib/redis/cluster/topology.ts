import { inBackground } from '../../core/background.js';
import type { Clock, Timer } from '../../core/time/clock.js';
import { type Address, addressText } from '../address.js';
import type { ClusterServers } from '../connection/client.js';
import type { Connection } from '../connection/connection.js';
import { CLOSED, Failure } from '../failure.js';
import { askNode, openFresh } from './node-question.js';
import type { Report } from './report.js';
import { SlotTable } from './slot-table.js';

/** How many nodes are asked over connections that are in use, and how many at a time over new ones. */
const WITNESSES = 3;
const FRESH_AT_ONCE = 2;

/** The pause between two rounds: while every server is used, and at first and at most while one is not. */
const CALM_MS = 5_000;
const ALERT_MS = 100;
const LONGEST_ALERT_MS = 1_000;
/** For so long an answer is good enough to choose where to connect to. */
const FRESH_MS = 1_000;

export interface TopologyOptions {
  readonly clock: Clock;
  readonly servers: ClusterServers;
  readonly commandTimeoutMs: number;
  /** Connections to servers that answer. */
  readonly connections: () => (readonly [Connection, Address])[];
  /** Whether every server is used. */
  readonly isCalm: () => boolean;
  /** Servers or their slots have changed. */
  readonly onChange: () => void;
}

/**
 * Knows which server has which slots, by asking the nodes: regularly, and when something says that it has
 * changed.
 *
 * Invariant: one round is in flight at a time, and no command causes one of its own.
 */
export class Topology {
  readonly table: SlotTable = new SlotTable();
  readonly #options: TopologyOptions;
  readonly #known = new Map<string, Address>();
  #running: Promise<Failure | undefined> | undefined;
  #next: Promise<Failure | undefined> | undefined;
  #timer: Timer | undefined;
  #dueAt = 0;
  #heardAt = Number.NEGATIVE_INFINITY;
  /** A connection of our own, while not every server is used. */
  #spare: readonly [Connection, Address] | undefined;
  #pauseMs = ALERT_MS;
  #isStopped = false;

  constructor(options: TopologyOptions) {
    this.#options = options;
    for (const node of options.servers.nodes) this.#known.set(addressText(node), node);
  }

  start(): void {
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#dropSpare();
  }

  /** Makes sure that the servers are known. Resolves to a failure if no node answers. Never rejects. */
  async known(): Promise<Failure | undefined> {
    const isFresh = this.#options.clock.now() - this.#heardAt <= FRESH_MS;
    return isFresh ? undefined : this.refresh();
  }

  /** Asks the nodes in a round that begins after this call. Resolves to a failure if none answers. Never rejects. */
  refresh(): Promise<Failure | undefined> {
    if (this.#running === undefined) return this.#run();
    // The round in flight may have asked before this call.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  /** Something has changed: the next round comes soon. */
  soon(): void {
    this.#pauseMs = ALERT_MS;
    const isDue = this.#dueAt <= this.#options.clock.now() + ALERT_MS;
    if (this.#running === undefined && !isDue) this.#schedule();
  }

  #run(): Promise<Failure | undefined> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (this.#isStopped) return;
    const { clock, isCalm } = this.#options;
    if (isCalm()) this.#dropSpare();
    const isAlert = !isCalm() || this.#pauseMs < LONGEST_ALERT_MS;
    // A random share, so that the processes do not ask at one moment.
    const pauseMs = isAlert ? this.#pauseMs : CALM_MS * (0.75 + Math.random() / 2);
    this.#pauseMs = Math.min(LONGEST_ALERT_MS, this.#pauseMs * 1.5);
    const task = (): void => void this.#run();
    this.#dueAt = clock.now() + pauseMs;
    this.#timer = inBackground(() => clock.setTimer(task, pauseMs));
  }

  async #round(): Promise<Failure | undefined> {
    const { servers, connections } = this.#options;
    const inUse = connections().slice(0, WITNESSES);
    if (this.#spare !== undefined) inUse.push(this.#spare);
    const heard = inUse.map(async ([connection, address]) =>
      this.#heard(await askNode(connection, address, servers.nat), address),
    );
    const failures = await Promise.all(heard);
    // One node alone might be the one that is asked about.
    if (failures.filter((failure) => failure === undefined).length > 1) return undefined;
    if (inUse.length > 0) this.#dropSpare();
    const failure = await this.#askOthers(inUse.map(([, address]) => addressText(address)));
    return failures.includes(undefined) ? undefined : failure;
  }

  /** Asks nodes over new connections until one answers. */
  async #askOthers(asked: readonly string[]): Promise<Failure | undefined> {
    const rest = this.#candidates(asked);
    const failures: Failure[] = [];
    const asking = Array.from({ length: FRESH_AT_ONCE }, async () => {
      if (!(await this.#isHeardBy(rest, failures))) throw NONE_LEFT;
    });
    return Promise.any(asking).then(
      () => undefined,
      () => noNode(failures),
    );
  }

  /** Asks one after the other. Returns whether one answered; then the others need not be asked. */
  async #isHeardBy(rest: Address[], failures: Failure[]): Promise<boolean> {
    for (let node = rest.shift(); node !== undefined; node = rest.shift()) {
      const failure = this.#isStopped ? CLOSED : await this.#askFresh(node);
      if (failure === undefined) {
        rest.length = 0;
        return true;
      }
      failures.push(failure);
    }
    return false;
  }

  async #askFresh(node: Address): Promise<Failure | undefined> {
    const { servers, clock, commandTimeoutMs } = this.#options;
    const connection = await openFresh(node, { ...servers, clock, commandTimeoutMs });
    if (connection instanceof Failure) return atNode(node, connection);
    const failure = this.#heard(await askNode(connection, node, servers.nat), node);
    const isKept = failure === undefined && this.#spare === undefined && !this.#isStopped;
    if (isKept) this.#spare = [connection, node];
    else connection.dispose();
    return failure;
  }

  #dropSpare(): void {
    this.#spare?.[0].dispose();
    this.#spare = undefined;
  }

  /** Replicas come first, because an old primary that comes back is no witness of itself. */
  #candidates(asked: readonly string[]): Address[] {
    const owners = new Set(this.table.masters().map(({ address }) => addressText(address)));
    const shuffled = [...this.#known]
      .filter(([text]) => !asked.includes(text))
      .map((entry) => [Math.random() + (owners.has(entry[0]) ? 1 : 0), entry[1]] as const);
    return shuffled.toSorted(([a], [b]) => a - b).map(([, address]) => address);
  }

  #heard(report: Report | Failure, witness: Address): Failure | undefined {
    if (report instanceof Failure) return atNode(witness, report);
    if (report.owners.length === 0) return noSlots(witness);
    if (this.#isStopped) return undefined;
    this.#heardAt = this.#options.clock.now();
    for (const node of report.nodes) this.#known.set(addressText(node), node);
    if (this.table.apply(report, witness)) this.#options.onChange();
    return undefined;
  }
}

const NONE_LEFT: Error = new Error('no node is left');

function atNode(node: Address, { kind, reason, error }: Failure): Failure {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return new Failure(kind, reason, new Error(`node ${addressText(node)}: ${text}`));
}

function noSlots(node: Address): Failure {
  const error = new Error(`node ${addressText(node)}: it knows no node that has slots`);
  return new Failure('unavailable', 'no_primary', error);
}

/** No node answers. If all refuse for one reason, that is the reason. */
function noNode(failures: readonly Failure[]): Failure {
  const reasons = new Set(failures.map(({ reason }) => reason));
  const isRefused = reasons.size === 1 && reasons.has('authentication');
  const told = failures.map(({ error }) => (error as Error).message).join('; ');
  const error = new Error(`no node of the cluster answers: ${told || 'there is none left'}`);
  return new Failure('unavailable', isRefused ? 'authentication' : 'no_primary', error);
}
