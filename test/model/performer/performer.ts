import { type Call, keysOf } from '../calls.js';
import { LEASE_WAIT } from '../setting.js';
import { Changes } from './changes.js';
import { Reads } from './reads.js';
import { type Player, type Request, requestOf, type Theatre } from './theatre.js';

/** So many commands in a row may be waited for in vain. */
const MOST_MISSING = 3;

/** Makes the calls of a history and tells the oracle about them. */
export class Performer {
  readonly reads: Reads;
  readonly changes: Changes;
  readonly #theatre: Theatre;

  constructor(theatre: Theatre) {
    this.#theatre = theatre;
    this.reads = new Reads(theatre);
    this.changes = new Changes(theatre);
  }

  /** Listens to a cache's modes. Of several servers the mode does not say which one is back. */
  watch(player: Player, isOneServer = true): void {
    const { oracle } = this.#theatre;
    const { cache, name } = player;
    cache.on('modechange', ({ to, reason }) => {
      const { entries, overflows } = cache.status().journal;
      oracle.note(
        `${name}: ${to}${reason === undefined ? '' : ` (${reason})`}, ${entries} waiting`,
      );
      if (overflows > 0) oracle.mayFlush(name);
      if (to !== 'normal') return;
      if (isOneServer) oracle.returned(name);
      if (entries === 0) oracle.replayed(name);
    });
  }

  async call(player: Player, call: Call): Promise<void> {
    const { oracle, spent, lateMs } = this.#theatre;
    const startedAt = spent(player);
    const request = call.req ? requestOf(player) : undefined;
    if (request !== undefined) request.underWay++;
    try {
      await this.#perform(player, call, request);
    } catch (error) {
      if (player.isDead) return;
      oracle.fail('I4', `${player.name}.${call.do} rejected: ${error}`);
    }
    if (request !== undefined) request.underWay--;
    if (player.isDead) return;
    if (player.cache.status().journal.overflows > 0) oracle.mayFlush(player.name);
    const budget = this.#budgetOf(call) + MOST_MISSING * lateMs();
    oracle.took(`${player.name}.${call.do}`, spent(player) - startedAt, budget);
  }

  async #perform(player: Player, call: Call, request: Request | undefined): Promise<void> {
    const { changes, reads } = this;
    const key = `k${call.key}`;
    const handle = request?.handle ?? player.cache;
    switch (call.do) {
      case 'get':
        return reads.get(player, key, request);
      case 'getOrSet':
        await reads.getOrSet(player, { ...call, key }, request);
        return;
      case 'getMany':
        return reads.getMany(player, keysOf(call), handle);
      case 'getOrSetMany':
        return reads.getOrSetMany(player, call, handle);
      case 'set':
        return changes.set(player, handle, key);
      case 'delete':
        return changes.delete(player, handle, key);
      case 'setMany':
        return changes.setMany(player, handle, keysOf(call));
      case 'deleteMany':
        return changes.deleteMany(player, handle, keysOf(call));
      case 'burst':
        await Promise.all(call.changes.map((each) => changes[each](player, handle, key)));
        return;
      case 'clear':
        return changes.clear(player, handle, `*${call.key}`);
      case 'clearAll':
        return changes.clear(player, handle, '*');
      case 'invalidate':
        return changes.invalidate(player, handle);
      case 'write':
        this.#theatre.oracle.write(key);
        if (call.then === 'clear') return changes.clear(player, handle, `*${call.key}`);
        if (call.then === 'invalidate') return changes.invalidate(player, handle);
        return changes[call.then](player, handle, key);
    }
  }

  /** Milliseconds: what Redis may cost the caller, and what its loaders take. */
  #budgetOf(call: Call): number {
    const { commandTimeout, isTagged } = this.#theatre.setting;
    // A value with an old tag is claimed over, and Redis may not know that script yet.
    const load = (isTagged ? 4 : 2) * commandTimeout + LEASE_WAIT;
    switch (call.do) {
      // A bulk read waits as long as Redis answers anything.
      case 'getOrSetMany':
        return 4 * commandTimeout + 2 * (load + 2 * call.loadMs);
      case 'getOrSet':
        return 2 * commandTimeout + (call.nested === 'none' ? 1 : 2) * (load + 2 * call.loadMs);
      case 'get':
        return 2 * commandTimeout;
      // Without a tag, `invalidate` clears a pattern: it waits for changes under way, then scans, thrice at most.
      case 'clear':
      case 'clearAll':
      case 'invalidate':
      case 'write':
        return 5 * commandTimeout;
      default:
        return 4 * commandTimeout;
    }
  }
}
