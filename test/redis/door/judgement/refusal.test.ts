import { expect } from 'chai';
import {
  isDemotion,
  isRedirect,
  isRefused,
  isSweepRefused,
  shortestPauseMs,
} from '../../../../lib/redis/door/judgement/refusal.js';
import { classify, type Failure } from '../../../../lib/redis/failure.js';

class ErrorReply extends Error {}
const reply = (text: string): Failure => classify(new ErrorReply(text));

describe('what a refusal looks like', () => {
  for (const text of [
    "NOPERM this user has no permissions to run the 'scan' command",
    "NOPERM User app has no permissions to run the 'scan' command",
    "ERR unknown command 'SCAN', with args beginning with: '0' ",
    'ERR unknown command `SCAN`',
    "ERR The user executing the script can't run this command or subcommand script: cec6, on @user_script:43.",
    'ERR Unknown Redis command called from script script: 57c6, on @user_script:43.',
    "ERR ACL failure in script: User app has no permissions to run the 'unlink' command",
    "ERR unsupported command 'SCAN'",
    'ERR command SCAN is not supported by this proxy',
    'ERR this command is disabled',
  ]) {
    it(`is refused: ${text}`, () => expect(isRefused(reply(text))).to.equal(true));
  }

  for (const text of [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk. Commands that may modify the data set are disabled',
    'NOREPLICAS Not enough good replicas to write.',
    'LOADING Redis is loading the dataset in memory',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
    'ERR wrong number of arguments',
    'MOVED 3999 127.0.0.1:6381',
  ]) {
    it(`is something else: ${text}`, () => expect(isRefused(reply(text))).to.equal(false));
  }

  it('is not a reply that is no failure', () => {
    expect([null, 'NOPERM', ['NOPERM'], undefined].some(isRefused)).to.equal(false);
  });

  it('tells what only sweeping needs', () => {
    const texts = [
      "ERR unknown command 'SCAN'",
      "NOPERM cannot run 'unlink'",
      "NOPERM 'set'",
      'OOM del',
    ];
    expect(texts.map((text) => isSweepRefused(reply(text)))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('tells another node’s key, and a demotion', () => {
    const texts = ['MOVED 1 a:1', 'ASK 1 a:1', 'CROSSSLOT Keys', 'ERR MOVED'];
    expect(texts.map((text) => isRedirect(reply(text)))).to.deep.equal([true, true, true, false]);
    expect(isDemotion(reply("READONLY You can't write"))).to.equal(true);
    expect(isDemotion(reply('NOREPLICAS Not enough good replicas'))).to.equal(false);
  });

  it('is tried again slowly', () => {
    expect(shortestPauseMs('permission')).to.equal(5_000);
    expect(shortestPauseMs('connection_refused')).to.equal(0);
  });
});
