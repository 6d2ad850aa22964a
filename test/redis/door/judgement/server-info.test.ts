import { expect } from 'chai';
import {
  isKnownLife,
  lifeOf,
  parseInfo,
} from '../../../../lib/redis/door/judgement/server-info.js';
import { settlingMs } from '../../../../lib/redis/door/judgement/settling.js';

describe('what INFO says', () => {
  it('is the role, the life, the mode and the time', () => {
    const text =
      '# Server\r\nredis_mode:standalone\r\nrun_id:abc\r\nserver_time_usec:1700000000000001\r\n' +
      '# Replication\r\nrole:slave\r\nmaster_replid:def\r\nmaster_replid2:000\r\n';
    expect(parseInfo(text)).to.deep.equal({
      role: 'replica',
      runId: 'abc',
      replicationId: 'def',
      mode: 'standalone',
      micros: 1_700_000_000_000_001,
    });
  });

  it('is undefined if INFO does not tell it', () => {
    const nothing = parseInfo('# Server\nother_run_id:x\nmy_role:master');
    expect(nothing).to.deep.equal({
      role: undefined,
      runId: undefined,
      replicationId: undefined,
      mode: 'standalone',
      micros: undefined,
    });
  });

  for (const [text, mode] of [
    ['redis_mode:cluster', 'cluster'],
    ['cluster_enabled:1', 'cluster'],
    ['cluster_enabled:0', 'standalone'],
    ['redis_mode:sentinel', 'sentinel'],
    ['role:sentinel', 'sentinel'],
  ]) {
    it(`${text}: ${mode}`, () => expect(parseInfo(text ?? '').mode).to.equal(mode));
  }
});

describe('the name of a life', () => {
  it('follows from run id and replication id', () => {
    expect(lifeOf('run', 'repl'))
      .to.equal(lifeOf('run', 'repl'))
      .and.to.match(/^[0-9a-f]{16}$/);
    expect(lifeOf('run', 'other')).to.not.equal(lifeOf('run', 'repl'));
    expect(lifeOf('other', 'repl')).to.not.equal(lifeOf('run', 'repl'));
  });

  it('is never the same where either is missing, and can stand in a chain', () => {
    const lives = [lifeOf(undefined, 'repl'), lifeOf(undefined, 'repl'), lifeOf('run', undefined)];
    expect(new Set(lives).size).to.equal(3);
    expect(lives.some(isKnownLife)).to.equal(false);
    expect(isKnownLife(lifeOf('run', 'repl'))).to.equal(true);
    expect(lives.join('')).to.not.match(/[:,]/);
  });
});

describe('the settling time', () => {
  const cases: readonly (readonly [string, Parameters<typeof settlingMs>[0], number])[] = [
    ['of a reign just opened', { openedAt: 1_000, serverMs: 1_000, wasNormal: false }, 2_000],
    ['half over', { openedAt: 1_000, serverMs: 2_000, wasNormal: false }, 1_000],
    ['over', { openedAt: 1_000, serverMs: 3_000, wasNormal: false }, 0],
    ['long over', { openedAt: 1_000, serverMs: 9e9, wasNormal: false }, 0],
    ['for who read this life before', { openedAt: 1_000, serverMs: 1_000, wasNormal: true }, 0],
    ['where nothing old can be read', { openedAt: 0, serverMs: 1_000, wasNormal: false }, 0],
    ['after the clock was set back', { openedAt: 9e9, serverMs: 1_000, wasNormal: false }, 2_000],
  ];
  for (const [what, opening, expected] of cases) {
    it(`${what}: ${expected} ms`, () => expect(settlingMs(opening)).to.equal(expected));
  }
});
