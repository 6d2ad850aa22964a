import type { WriteResult } from '../../../lib/api/cache.js';
import type { SetOptions } from '../../../lib/api/loading.js';
import type { CacheHandle } from '../../../lib/cache/cache.js';
import { compileGlob } from '../../../lib/core/glob.js';
import type { Birth, Change, ChangeKind } from '../oracle/records.js';
import { TAG } from '../setting.js';
import type { Player, Theatre } from './theatre.js';

/** One key's change in a call: what it sets, or `undefined`. */
interface Part {
  readonly key: string;
  readonly change: Change;
  readonly birth: Birth | undefined;
}

/** Makes the changes of a history and tells the oracle about them. */
export class Changes {
  readonly #theatre: Theatre;

  constructor(theatre: Theatre) {
    this.#theatre = theatre;
  }

  async set(player: Player, handle: CacheHandle, key: string): Promise<void> {
    const part = this.#begin(player, key, true);
    const wasAway = isAway(player);
    const answer = handle.set(key, part.birth?.serial, this.#options);
    // A set with a tag whose version is not known takes effect when that is known.
    if (!this.#isTagged) part.change.effectiveAt = part.change.calledAt;
    else if (part.birth !== undefined) part.birth.isOfMany = true;
    this.#end(player, [part], { result: await answer, wasAway });
  }

  async delete(player: Player, handle: CacheHandle, key: string): Promise<void> {
    const part = this.#begin(player, key, false);
    const answer = handle.delete(key);
    part.change.effectiveAt = part.change.calledAt;
    this.#end(player, [part], { result: await answer, wasAway: false });
  }

  async setMany(player: Player, handle: CacheHandle, keys: readonly string[]): Promise<void> {
    const parts = keys.map((key) => this.#begin(player, key, true));
    for (const { birth } of parts) if (birth !== undefined) birth.isOfMany = true;
    const wasAway = isAway(player);
    const entries = parts.map(({ key, birth }) => [key, birth?.serial] as const);
    const answer = handle.setMany(entries, this.#options);
    if (!this.#isTagged) this.#takeEffect(parts);
    this.#end(player, parts, { result: await answer, wasAway });
  }

  async deleteMany(player: Player, handle: CacheHandle, keys: readonly string[]): Promise<void> {
    const parts = keys.map((key) => this.#begin(player, key, false));
    const answer = handle.deleteMany(keys);
    this.#takeEffect(parts);
    this.#end(player, parts, { result: await answer, wasAway: false });
  }

  /** `pattern`: '*' is a change of generation. */
  async clear(player: Player, handle: CacheHandle, pattern: string): Promise<void> {
    const { oracle } = this.#theatre;
    const kind: ChangeKind = pattern === '*' ? 'all' : 'pattern';
    const change = oracle.change(player.name, kind, compileGlob(pattern));
    const answer = handle.clear(pattern);
    change.effectiveAt = change.calledAt;
    const result = await answer;
    oracle.settle(change, result === 'applied');
    oracle.note(`${player.name} cleared ${pattern} (@${change.calledAt}): ${result}`);
  }

  /** Without tags it clears keys. */
  async invalidate(player: Player, handle: CacheHandle): Promise<void> {
    if (!this.#isTagged) return this.clear(player, handle, 'k*');
    const { oracle } = this.#theatre;
    const change = oracle.change(player.name, 'tag', () => true);
    const answer = handle.invalidateTags([TAG]);
    change.effectiveAt = change.calledAt;
    const result = await answer;
    oracle.settle(change, result === 'applied');
    oracle.note(`${player.name} invalidated the tag (@${change.calledAt}): ${result}`);
  }

  get #isTagged(): boolean {
    return this.#theatre.setting.isTagged;
  }

  get #options(): SetOptions {
    return this.#isTagged ? { tags: [TAG] } : {};
  }

  #begin(player: Player, key: string, isSet: boolean): Part {
    const { oracle } = this.#theatre;
    const change = oracle.change(player.name, 'key', (other) => other === key);
    const birth = isSet ? oracle.bear(player.name, key, true) : undefined;
    return { key, change, birth };
  }

  /** A change of many keys begins a turn later than its call. */
  #takeEffect(parts: readonly Part[]): void {
    const { oracle, turns } = this.#theatre;
    void turns().then(() => {
      const moment = oracle.tick();
      for (const { change } of parts) change.effectiveAt = Math.min(change.effectiveAt, moment);
    });
  }

  #end(
    player: Player,
    parts: readonly Part[],
    outcome: { readonly result: WriteResult; readonly wasAway: boolean },
  ): void {
    const { oracle, now, checkApplied } = this.#theatre;
    const isApplied = outcome.result === 'applied';
    for (const { key, change, birth } of parts) {
      oracle.settle(change, isApplied);
      if (birth !== undefined) {
        birth.settledAt = change.settledAt;
        birth.madeMs = now();
        birth.isGivenUp = !isApplied;
        birth.isOfOutage = outcome.wasAway && !isApplied;
      }
      const did = birth === undefined ? 'deleted' : `set #${birth.serial} = ${birth.version} as`;
      oracle.note(`${player.name} ${did} ${key} (@${change.calledAt}): ${outcome.result}`);
      if (isApplied) checkApplied(change, key, birth);
    }
  }
}

/** Before the first connection is made a call waits for it, and is sent as if it were called then. */
function isAway({ cache }: Player): boolean {
  const { mode, reason } = cache.status();
  return mode !== 'normal' && reason !== 'connecting';
}
