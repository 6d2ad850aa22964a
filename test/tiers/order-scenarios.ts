/** What may go wrong in a scenario, and how often. */
export interface Faults {
  /** Connections that are given up. */
  readonly lose?: number;
  /** Deadlines that pass before a command is run. */
  readonly age?: number;
  /** Times at which Redis forgets its scripts. */
  readonly forget?: number;
  /** Calls whose waiting budget ends. */
  readonly wait?: number;
  /** Whether the key has a value at first. */
  readonly hasValue?: boolean;
}

/** What two processes call: s set, d delete, l load, g get, c clear, p clear a pattern; `!` waits for the call before it. */
export type Scenario = readonly [a: string, b: string, faults: Faults];

/** Those of the model of the write path, and some more. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  twoSets: ['ssg', '', {}],
  setDelete: ['sdg', '', { forget: 1 }],
  deleteSet: ['dsg', '', { forget: 1 }],
  three: ['sds', 'g', { forget: 1 }],
  race: ['s!g!', 's!g!', { wait: 1 }],
  raceDelete: ['s!', 'd!g!', { wait: 1, forget: 1 }],
  raceOwn: ['ss', 's!g', { wait: 1 }],
  raceOwnTwice: ['ss!', 'd!', { wait: 2 }],
  ghost: ['s!d!', 'g', { lose: 1, age: 1 }],
  ghostOther: ['s!', 's!d!', { lose: 1, age: 1 }],
  ghostTwice: ['s!s!', 'd', { lose: 2, age: 1 }],
  queuedLost: ['ss', 'g!g', { lose: 1 }],
  lostDelete: ['d!g', 'g', { lose: 1, age: 1 }],
  load: ['l', 'l', {}],
  loadDelete: ['l', 'd!g!', {}],
  loadOwn: ['ld', 'g', { forget: 1 }],
  loadSet: ['ls', 'l', {}],
  deleteLoad: ['dl', '', { forget: 1, hasValue: true }],
  unsentLost: ['gsg', '', { lose: 1 }],
  readSet: ['g!gsg!', '', { forget: 1 }],
  loadLost: ['l', 'd!l', { lose: 1, age: 1 }],
  clear: ['c!s!g', 'g', {}],
  clearSet: ['csg', '', { forget: 1 }],
  clears: ['cs', 'c!', {}],
  clearLost: ['c!s!', 'c!', { lose: 1 }],
  clearLoad: ['l', 'c!', {}],
  clearOwnLoad: ['lc', '', {}],
  pattern: ['psg', '', { forget: 1 }],
  patternLoad: ['p!', 'l', {}],
  patternOther: ['p!g', 's!', {}],
  patternOwnLoad: ['lp', '', {}],
  patternLost: ['p!g', 's', { lose: 1 }],
  // What the model does not have: changes that are under way when everything, or a pattern, is cleared.
  setClear: ['scg', 'g', { forget: 1 }],
  setPattern: ['spg', 'g', { forget: 1, hasValue: true }],
  setClearLost: ['scsg', '', { lose: 1 }],
  setPatternLost: ['spsg', 'g', { lose: 1, age: 1 }],
  loadTwice: ['l!dl!g', 's', { lose: 1 }],
  mixed: ['sldg!', 'dsg!', { lose: 1, forget: 1, wait: 1 }],
};
