import type { Mutation } from '../../support/mutation.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'overtaken fill: a load is stored though its key is being changed',
    file: 'tiers/leases/claims.js',
    find: 'if (this.#parts.queue.latest(key) !== undefined)',
    replace: 'if (false)',
  },
  {
    title: 'overtaken fill: memory keeps a load whose key was changed before the answer',
    file: 'tiers/leases/claims.js',
    find: 'if (!ledger.isUnchangedSince(key, lease.position))',
    replace: 'if (false)',
  },
  {
    title: 'overtaken fill: memory keeps a load that Redis calls void',
    file: 'tiers/leases/claims.js',
    find: "else if (outcomes[i] === 'done' && lease.generation === door.generation) {",
    replace: 'else if (lease.generation === door.generation) {',
  },
  {
    title: 'overtaken fill: a load of another generation is stored',
    file: 'tiers/leases/claims.js',
    find: 'lease.isVoid || lease.generation !== door.generation || ledger.blocks(key)',
    replace: 'lease.isVoid || ledger.blocks(key)',
  },
  {
    title: 'held lease: what was loaded beside it is kept',
    file: 'tiers/leases/claims.js',
    find: 'else if (writer === undefined || ledger.blocks(key))',
    replace: 'else',
  },
  {
    title: 'held lease: it counts as granted to nobody, and is asked for again',
    file: 'tiers/leases/claims.js',
    find: "case 'held': return HELD;",
    replace: "case 'held': return NONE;",
  },
  {
    title: 'void lease: it goes on',
    file: 'tiers/leases/lease-keeper.js',
    find: 'lease.isVoid = true;',
    replace: '',
  },
  {
    title: 'void lease: it is renewed again',
    file: 'tiers/leases/lease-keeper.js',
    find: 'this.#held.delete(lease); });',
    replace: '});',
  },
  {
    title: 'void lease: a renewal without an answer ends it',
    file: 'tiers/leases/lease-keeper.js',
    find: 'if (outcomes instanceof failure_js_1.Failure) this.#door.report(outcomes);',
    replace:
      'if (outcomes instanceof failure_js_1.Failure) { for (const lease of leases) lease.isVoid = true; this.#held.clear(); }',
  },
  {
    title: 'void lease: it is given back',
    file: 'tiers/leases/lease-keeper.js',
    find: 'leases.filter(({ isVoid }) => !isVoid)',
    replace: 'leases',
  },
];
