import type { Summary } from '../../lib/stats.js';
import type { Answers, Way } from '../../workers/answers.js';

/** One way to answer, in one mode. */
export interface Subject {
  readonly name: string;
  readonly way: Way;
  readonly mode: 'none' | 'Redis' | 'memory';
}

export interface Case extends Omit<Answers, 'way' | 'port'> {
  readonly title: string;
  readonly subjects: readonly Subject[];
  /** What a subject is compared with: its own kind without a cache, or with `get`. */
  readonly baseOf: (subject: Subject) => string;
  /** The peer that it is compared with, too. */
  readonly peerOf?: (subject: Subject) => string | undefined;
}

export interface Figures {
  readonly name: string;
  readonly base: string;
  readonly perSecond: Summary;
  /** Of the application's process, microseconds a request. */
  readonly cpuUs: Summary;
  /** The base's processor time ÷ that of the subject, round by round: how many times as much it answers on one core. */
  readonly faster: Summary;
  /** The same against the peer. */
  readonly thanPeer: Summary | undefined;
}

export interface Measured extends Case {
  readonly results: readonly Figures[];
}

const BARE: Subject = { name: 'res.json, no cache', way: 'bare', mode: 'none' };
const MODES = ['Redis', 'memory'] as const;

const both = (name: string, way: Way): Subject[] =>
  MODES.map((mode) => ({ name: `${name}, ${mode}`, way, mode }));

const HITS = [BARE, ...both('responseCache', 'responseCache'), ...both('apicache', 'apicache')];
const SENDS = [...both('res.json(await get)', 'get'), ...both('send', 'send')];

const hit = (bytes: number): Case => ({
  title: `a hit of ${bytes} B`,
  bytes,
  isTable: false,
  subjects: HITS,
  baseOf: () => BARE.name,
  peerOf: ({ way, mode }) => (way === 'responseCache' ? `apicache, ${mode}` : undefined),
});

export const SEND: Case = {
  title: 'rows of 100 KiB',
  bytes: 100 * 1_024,
  isTable: true,
  subjects: SENDS,
  baseOf: ({ mode }) => `res.json(await get), ${mode}`,
};

export const CASES: readonly Case[] = [hit(1_024), hit(10_240), hit(102_400), SEND];
