import { isTagged } from '../../entry/entry.js';
import type { Commands } from '../../redis/remote.js';
import type { Watch } from '../near/near-keys.js';
import type { Found } from '../store.js';

/** The moment a read was sent. The reply is never older than this. */
export interface Asked {
  readonly commands: Commands;
  /** The ledger's position. */
  readonly position: number;
  /** Local, monotonic. */
  readonly at: number;
  /** A heartbeat that was sent after the reply showed that the data was not replaced. */
  readonly isProvenSince?: boolean | undefined;
  /** The server tells of the next change of the key. */
  readonly watch?: Watch | undefined;
}

/** The conditions under which replies are looked at. They hold until the event loop turns. */
interface Now {
  /** No heartbeat is missing: the process was not suspended, and the data is what it was. */
  readonly isProven: boolean;
  /** By the server's clock. */
  readonly nowMs: number;
}

/** A read and the conditions under which its reply is looked at. */
export type Read = Asked & Now;

export type Answer = Found | undefined;

/** Its tags are not checked yet. */
export function mustAskTags(found: Answer): found is Found {
  return found !== undefined && found.tier === 'redis' && isTagged(found.entry);
}
