import { KEYS } from '../calls.js';
import { GENERATION_LAG_MS } from '../oracle/residues.js';
import { type Reads, watchTier } from './reads.js';
import type { Player, Theatre } from './theatre.js';

/** How long a cache may take until it is well again after the last fault: pauses between attempts, and settling. */
const RECOVERY_MS = 10_000;

/** What a call may take in the end, whatever it was held up by. */
const ANSWERED_WITHIN_MS = 10_000;

/** So many waits of a process that gets its turns late may be as much longer. */
const WAITS = 20;

const NOTICED_WITHIN_MS = 1_100;

const POLL_MS = 10;

/** All faults have ended: is everything well again, everything answered, and right? */
export class Finale {
  readonly #theatre: Theatre;
  readonly #reads: Reads;
  #probes = 0;

  constructor(theatre: Theatre, reads: Reads) {
    this.#theatre = theatre;
    this.#reads = reads;
  }

  async allAnswered(player: Player, pending: { readonly size: number }): Promise<void> {
    const { oracle, now, wait } = this.#theatre;
    const giveUpMs = now() + ANSWERED_WITHIN_MS;
    while (pending.size > 0 && now() < giveUpMs) await wait(player, POLL_MS);
    if (pending.size > 0) oracle.fail('I2', `${pending.size} calls were never answered`);
  }

  /** Does everybody read what the database holds? */
  async compareAll(players: readonly Player[]): Promise<void> {
    // With its next heartbeat, or one more, each of them has noticed whatever has happened.
    await Promise.all(players.map((player) => this.#theatre.wait(player, NOTICED_WITHIN_MS)));
    await Promise.all(players.map((player) => this.#untilWell(player)));
    for (const player of players) {
      for (let key = 0; key < KEYS; key++) await this.#compare(player, `k${key}`);
    }
  }

  /** Normal, with an empty journal, and on a connection that works. */
  async #untilWell(player: Player): Promise<void> {
    const { oracle, now, wait, lateMs } = this.#theatre;
    const giveUpMs = now() + RECOVERY_MS + WAITS * lateMs();
    for (;;) {
      const probes = [0, 1, 2].map((i) => player.cache.set(`probe${i}`, this.#probes++));
      const results = await Promise.all(probes);
      const { mode, journal } = player.cache.status();
      const isApplied = results.every((result) => result === 'applied');
      if (isApplied && mode === 'normal' && journal.entries === 0) return;
      if (now() > giveUpMs) {
        const state = `${player.name} is ${mode} with ${journal.entries} writes waiting`;
        oracle.fail('I2', `${state} ${RECOVERY_MS} ms after the last fault`);
        return;
      }
      await wait(player, POLL_MS);
    }
  }

  async #compare(player: Player, key: string): Promise<void> {
    const { oracle, now, wait } = this.#theatre;
    const giveUpMs = now() + GENERATION_LAG_MS;
    for (;;) {
      const handle = player.cache.forRequest();
      const request = { handle, calls: 1, underWay: 1 };
      const tierOf = watchTier(handle, request);
      const how = { key, loadMs: 0, nested: 'none' } as const;
      const serial = await this.#reads.getOrSet(player, how, request);
      if (oracle.isCurrent(key, serial)) return;
      // One slow reply is enough to be answered by memory, which may differ; so may an old generation.
      const mayDiffer = tierOf() !== 'redis' || oracle.mayLag;
      if (!mayDiffer || now() > giveUpMs) {
        const version = oracle.births[serial]?.version;
        const what = `in the end ${player.name} reads ${key} = ${version} (#${serial})`;
        oracle.fail('I2', `${what}, not ${oracle.version(key)}`);
        return;
      }
      await wait(player, 2 * POLL_MS);
    }
  }
}
