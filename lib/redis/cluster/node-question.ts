import type { Clock } from '../../core/time/clock.js';
import type { Address } from '../address.js';
import type { ClusterServers } from '../connection/client.js';
import type { Connection, Cost } from '../connection/connection.js';
import { connectionSource } from '../connection/connection-source.js';
import { Failure } from '../failure.js';
import { parseReport, type Report } from './report.js';

/** The replies grow with the number of nodes. */
const COST: Cost = { keys: 0, bytes: 64 * 1_024 };

/** Asks one node, over a connection to it, which node has which slots. */
export async function askNode(
  connection: Connection,
  asked: Address,
  nat: ClusterServers['nat'],
): Promise<Report | Failure> {
  const [slots, nodes] = await Promise.all([
    connection.send(['CLUSTER', 'SLOTS'], COST),
    connection.send(['CLUSTER', 'NODES'], COST),
  ]);
  if (slots instanceof Failure) return isDisabled(slots) ? noCluster(slots) : slots;
  const report = parseReport(slots, nodes, asked);
  if (report === undefined) return noCluster(undefined);
  try {
    return {
      owners: report.owners.map((owner) => ({ ...owner, address: nat(owner.address) })),
      nodes: report.nodes.map((address) => nat(address)),
    };
  } catch (error) {
    return new Failure('unavailable', 'no_primary', error);
  }
}

export interface FreshOptions extends Pick<ClusterServers, 'connect'> {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
}

/** Makes a connection to ask over. */
export function openFresh(
  address: Address,
  { connect, clock, commandTimeoutMs }: FreshOptions,
): Promise<Connection | Failure> {
  const source = connectionSource(
    { kind: 'made', create: (lack = 'messages') => connect(address, lack) },
    { clock, commandTimeoutMs, onLost: () => {}, onReady: () => {} },
  );
  return source.open();
}

function isDisabled({ error }: Failure): boolean {
  return error instanceof Error && /cluster support disabled|unknown command/i.test(error.message);
}

function noCluster(failure: Failure | undefined): Failure {
  const told = failure?.error instanceof Error ? failure.error.message : 'an odd reply';
  const text = `it is no node of a cluster (${told}); for one Redis write redis: 'redis://…'`;
  return new Failure('unavailable', 'no_primary', new Error(text));
}
