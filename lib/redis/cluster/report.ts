import { type Address, addressText, isPort } from '../address.js';
import type { SlotRange } from './anchors.js';
import { SLOTS } from './key-slot.js';

export interface Owner {
  readonly id: string;
  readonly address: Address;
  /** Its configuration epoch; `undefined`: not known. */
  readonly epoch: number | undefined;
}

/** What one node says of the cluster. */
export interface Report {
  readonly owners: readonly (Owner & { readonly ranges: readonly SlotRange[] })[];
  /** Every node named, replicas too. */
  readonly nodes: readonly Address[];
}

/**
 * Reads the replies to CLUSTER SLOTS and CLUSTER NODES of the node at `asked`. `nodes` may be missing: then no
 * epoch is known. `undefined`: it is no answer of a cluster.
 */
export function parseReport(slots: unknown, nodes: unknown, asked: Address): Report | undefined {
  if (!Array.isArray(slots)) return undefined;
  const epochs = typeof nodes === 'string' ? parseEpochs(nodes) : new Map<string, number>();
  const owners = new Map<string, Owner & { ranges: SlotRange[] }>();
  const known: Address[] = [];
  for (const entry of slots as readonly unknown[]) {
    const row = parseRow(entry, asked);
    if (row === undefined) return undefined;
    const { master, from, to } = row;
    known.push(...row.nodes);
    const owner = owners.get(master.id) ?? { ...master, epoch: epochs.get(master.id), ranges: [] };
    owner.ranges.push([from, to]);
    owners.set(master.id, owner);
  }
  return { owners: [...owners.values()], nodes: known };
}

/** `[from, to, master, …replicas]`. */
function parseRow(entry: unknown, asked: Address): Row | undefined {
  const [from, to, ...servers] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
  const found = servers.map((server) => parseServer(server, asked));
  const master = found[0];
  if (!isSlot(from) || !isSlot(to) || from > to || master === undefined) return undefined;
  return { from, to, master, nodes: found.flatMap((server) => server?.address ?? []) };
}

interface Row {
  readonly from: number;
  readonly to: number;
  readonly master: Omit<Owner, 'epoch'>;
  readonly nodes: readonly Address[];
}

/** `[host, port, id, …]`. A host that is missing or unknown is that of the node that answered. */
function parseServer(server: unknown, asked: Address): Omit<Owner, 'epoch'> | undefined {
  if (!Array.isArray(server)) return undefined;
  const [name, port, id] = server as readonly unknown[];
  if (!isPort(port)) return undefined;
  const isKnown = typeof name === 'string' && name !== '' && name !== '?';
  const address = { host: isKnown ? name : asked.host, port };
  return { id: typeof id === 'string' && id !== '' ? id : addressText(address), address };
}

function isSlot(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < SLOTS;
}

/** The configuration epoch of each node: `id address flags master ping pong epoch …`. */
function parseEpochs(text: string): ReadonlyMap<string, number> {
  const epochs = new Map<string, number>();
  for (const line of text.split('\n')) {
    const fields = line.trim().split(' ');
    const epoch = Number(fields[6]);
    if (fields[0] && Number.isSafeInteger(epoch)) epochs.set(fields[0], epoch);
  }
  return epochs;
}
