import type { Mutation } from '../support/mutation.js';

const JUDGE = 'redis/door/judgement/data-judge.js';

export const mutations: readonly Mutation[] = [
  {
    title: 'bareCounter: the count is compared without its reign',
    file: 'tiers/ledger/ledger.js',
    find: '(0, lineage_js_1.survived)(label, life, chain)',
    replace: '(label.life === life || (label.count > 0 && label.count <= count))',
    test: 'has counted on since',
  },
  {
    title: 'noReplid: a life is the run id alone',
    file: 'redis/door/judgement/server-info.js',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of code
    find: '`${runId}:${replicationId}`',
    replace: 'runId',
    test: 'other processes do not read it either',
  },
  {
    title: 'noRole: what a replica says counts, and READONLY is no doubt',
    file: JUDGE,
    find: `if (life !== server.life) {
            if (pair.role === 'replica')
                return 'replaced';
            server.life = life;
            return 'other-life';
        }
        if (pair.role === 'replica' && !isReadOnly)
            return 'replica';`,
    replace: '',
    test: 'other processes do not read it either',
  },
  {
    title: 'noGuard: a process believes what is older than its own delete',
    file: 'tiers/reader.js',
    find: 'if (own !== undefined && (0, acknowledged_js_1.mayBeOlder)(version, own)) {',
    replace: 'if (false) {',
    test: 'not even before a heartbeat',
  },
  {
    title: 'noProof: a process that was suspended believes what it reads',
    file: 'tiers/reader.js',
    find: 'const isProven = asked.isProvenSince === true || door.isProven();',
    replace: 'const isProven = true;',
    test: 'suspended at the time',
  },
];
