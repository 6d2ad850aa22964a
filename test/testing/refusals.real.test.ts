import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as Lua from '../../lib/redis/commands/scripts.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { type ErrorText, errorTextFor } from './error-text.js';

type Words = readonly string[];

const TOKEN = 'token00001';
const FAR = `${Date.now() + 3_600_000}`;

/** One command of each kind, and scripts that only read, that write, and that write after a foreign error. */
const ASKED: readonly Words[] = [
  ['GET', 'text'],
  ['SET', 'text', 'y', 'PX', '60000'],
  ['MGET', 'text', 'hash'],
  ['DEL', 'nothing'],
  ['UNLINK', 'nothing'],
  ['SETRANGE', 'text', '0', 'z'],
  ['PEXPIRE', 'text', '60000'],
  ['HSET', 'hash', 'a', '1'],
  ['HINCRBY', 'hash', 'n', '1'],
  ['SCAN', '0', 'MATCH', 'no*'],
  ['EXISTS', 'text'],
  ['PING'],
  ['ECHO', 'x'],
  ['EVALSHA', Lua.RELEASE.sha, '1', 'text', 'echo', TOKEN],
  ['EVALSHA', Lua.SWEEP.sha, '2', 'text', 'entry', 'echo', '0', 'fingerp1', '9', 'fingerp1'],
  ['EXISTS', 'entry'],
  ['EVALSHA', Lua.CLAIM_OVER.sha, '1', 'text', TOKEN, '5000', 'load', 'x'],
  ['EVALSHA', Lua.FILL.sha, '1', 'text', 'echo', FAR, '0', 'filled', TOKEN, '6', '60000'],
  [
    'EVALSHA',
    Lua.WRITE.sha,
    '2',
    'text',
    'hash',
    'echo',
    FAR,
    '0',
    '9',
    '1000000',
    'ab',
    '1',
    '1',
    '9',
    '1',
    '1',
    '9',
  ],
  ['EVALSHA', Lua.RENEW.sha, '1', 'text', 'echo', '5000', TOKEN],
  ['EVALSHA', Lua.FENCE.sha, '2', 'pos', 'gen', 'reign'],
  ['EVALSHA', Lua.OPEN.sha, '2', 'pos', 'gen', 'life', 'reign', 'random', '0'],
];

interface Case {
  readonly name: string;
  readonly refuse: (ours: ScriptedRedis) => void;
  readonly args?: readonly string[];
  readonly prepare: (server: RedisServer, dir: string) => Promise<void>;
}

const CASES: readonly Case[] = [
  { name: 'nothing', refuse: () => {}, prepare: async () => {} },
  {
    name: 'a full memory',
    refuse: (ours) => ours.refuse('OOM'),
    prepare: async (server) => void (await server.command('CONFIG', 'SET', 'maxmemory', '1')),
  },
  {
    name: 'a replica',
    refuse: (ours) => ours.refuse('READONLY'),
    prepare: async (server) => void (await server.command('REPLICAOF', '127.0.0.1', '1')),
  },
  {
    name: 'a replica that follows a master',
    refuse: (ours) => ours.replicaOf(prepared(new ScriptedRedis(Date.now))),
    prepare: async (server) => void (await server.command('REPLICAOF', '127.0.0.1', '1')),
  },
  {
    name: 'a disk that takes nothing',
    refuse: (ours) => ours.refuse('MISCONF'),
    prepare: async (server, dir) => {
      // The dump cannot take its name, because a folder has it.
      mkdirSync(join(dir, 'dump.rdb', 'full'), { recursive: true });
      await server.command('CONFIG', 'SET', 'save', '3600 1');
      await server.command('BGSAVE');
      await until(
        async () => String(await server.command('INFO')).includes('last_bgsave_status:err'),
        'Redis sees that it cannot save',
      );
    },
  },
  ...['GET', 'SET', 'TIME', 'UNLINK', 'EVALSHA', 'HGET'].map((command) => ({
    name: `no right to ${command}`,
    refuse: (ours: ScriptedRedis) => ours.refuse('NOPERM', command),
    prepare: async (server: RedisServer) =>
      void (await server.command('ACL', 'SETUSER', 'default', `-${command.toLowerCase()}`)),
  })),
  {
    name: 'no right to know the time',
    refuse: (ours) => {
      ours.refuse('NOPERM', 'TIME', 'INFO');
    },
    prepare: async (server) =>
      void (await server.command('ACL', 'SETUSER', 'default', '-time', '-info')),
  },
  ...['GET', 'TIME', 'UNLINK', 'EVALSHA'].map((command) => ({
    name: `no command ${command}`,
    refuse: (ours: ScriptedRedis) => ours.refuse('unknown', command),
    args: ['--rename-command', command, ''],
    prepare: async () => {},
  })),
];

describe('what the scripted Redis refuses, beside a real one', () => {
  for (const each of CASES) {
    it(`says the same with ${each.name}`, async () => {
      const dir = mkdtempSync(join(tmpdir(), 'refusals-'));
      const server = await RedisServer.start({ dir, args: each.args ?? [] });
      try {
        for (const args of PREPARATION) await server.command(...args);
        const errorText = await errorTextFor(server);
        await each.prepare(server, dir);
        const ours = prepared(new ScriptedRedis(Date.now));
        each.refuse(ours);
        for (const args of ASKED) {
          const there = await server.command(...args).catch((error: Error) => error);
          expect(said(ours.execute(args), errorText), args.join(' ')).to.deep.equal(
            said(there, errorText),
          );
        }
      } finally {
        await server.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    });
  }

  it('refuses with any other text, and for one command alone', () => {
    const ours = prepared(new ScriptedRedis(Date.now));
    ours.refuse('MASTERDOWN Link with MASTER is down', 'GET');
    ours.refuse('OOM', 'HSET');
    expect(said(ours.execute(['GET', 'text']))).to.equal(
      'error MASTERDOWN Link with MASTER is down',
    );
    expect(said(ours.execute(['HSET', 'hash', 'a', '1']))).to.match(/^error OOM/);
    expect(ours.execute(['SET', 'text', 'y'])).to.equal('OK');
  });

  it('loads its data until `accept` is called', () => {
    const ours = prepared(new ScriptedRedis(Date.now));
    ours.refuse('LOADING');
    expect(said(ours.execute(['GET', 'text']))).to.match(/^error LOADING/);
    expect(said(ours.execute(['PING']))).to.match(/^error LOADING/);
    expect(ours.execute(['INFO', 'persistence'])).to.include('\nloading:1\r\n');
    ours.accept();
    expect(ours.execute(['GET', 'text'])).to.equal('x');
    expect(ours.execute(['INFO', 'persistence'])).to.include('\nloading:0\r\n');
  });
});

const PREPARATION: readonly Words[] = [
  ['SET', 'text', 'x'],
  ['SET', 'entry', 'E2gen001fingerp1v000000000000100000rs0"x"'],
  ['HSET', 'hash', 'a', '0'],
  ['SET', 'gen', '7:random'],
  ['HSET', 'pos', 'n', '3', 'chain', 'reign:life:0:0', 'gen', '7:random'],
  ...Lua.ALL_SCRIPTS.map(({ source }) => ['SCRIPT', 'LOAD', source]),
];

function prepared(redis: ScriptedRedis): ScriptedRedis {
  for (const args of PREPARATION) redis.execute(args);
  return redis;
}

/** Without what no two runs share: the clock. */
function said(reply: unknown, errorText: ErrorText = ({ message }) => `error ${message}`): unknown {
  if (Array.isArray(reply)) return reply.map((each) => said(each, errorText));
  if (reply instanceof Error) return errorText(reply);
  return typeof reply === 'string' ? reply.replace(/\d{13,16}/, 'time') : reply;
}
