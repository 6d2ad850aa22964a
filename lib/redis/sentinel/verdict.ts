import { type Address, isSameAddress } from '../address.js';

/** What one Sentinel says. */
export interface Word {
  readonly address: Address;
  /** Of the configuration: it grows with each failover. `undefined`: the Sentinel does not tell it. */
  readonly epoch: number | undefined;
}

export interface Hearing {
  /** The answers so far. */
  readonly words: readonly Word[];
  /** How many Sentinels there are. */
  readonly total: number;
  /** No other Sentinel will answer. */
  readonly isComplete: boolean;
  /** What was believed before. */
  readonly believed: Word | undefined;
  /** No Sentinel has named that for a long time. */
  readonly isOutdated: boolean;
}

/** One Sentinel may be cut off with an old primary, so two must answer before we believe. */
const WITNESSES = 2;

/**
 * Which answer counts; `undefined`: none, or more must be heard first. Only a majority of the Sentinels can
 * raise the epoch, so the answer with the highest epoch is true, even if one Sentinel alone gives it, and one with a lower epoch
 * than is known is out of date. An epoch goes back only when people set the Sentinels up again.
 */
export function decide(hearing: Hearing): Word | undefined {
  const { words, total, isComplete, believed } = hearing;
  if (words.length < (isComplete ? 1 : Math.min(WITNESSES, total))) return undefined;
  const epoch = Math.max(...words.map(epochOf));
  const newest = words.filter((word) => epochOf(word) === epoch);
  if (believed !== undefined && epoch < epochOf(believed)) {
    const isSetUpAnew = isComplete && hearing.isOutdated && newest.length * 2 > total;
    return isSetUpAnew ? mostNamed(newest) : undefined;
  }
  if (isUnanimous(newest)) return newest[0];
  return isComplete ? mostNamed(newest, believed) : undefined;
}

function epochOf({ epoch = 0 }: Word): number {
  return epoch;
}

function isUnanimous(words: readonly Word[]): boolean {
  return words.every(({ address }) => isSameAddress(address, (words[0] as Word).address));
}

/** If two are named equally often, the one that was believed before wins. */
function mostNamed(words: readonly Word[], believed?: Word): Word {
  const votes = ({ address }: Word): number => {
    const isBelieved = believed !== undefined && isSameAddress(address, believed.address);
    const named = words.filter((word) => isSameAddress(word.address, address)).length;
    return isBelieved ? named + 0.5 : named;
  };
  return words.reduce((best, word) => (votes(word) > votes(best) ? word : best));
}
