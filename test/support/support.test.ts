import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { createCache } from '../../lib/index.js';
import { ManualClock, settle } from './manual-clock.js';
import { event, handles, until } from './wait.js';

describe('support: ManualClock', () => {
  let clock: ManualClock;
  beforeEach(() => {
    clock = new ManualClock();
  });

  it('stands still until it is moved', async () => {
    const start = clock.now();
    expect(new Date(clock.wallNow()).toISOString()).to.equal('2026-01-01T00:00:00.000Z');
    await settle();
    expect(clock.now()).to.equal(start);
    await clock.advance(1_500);
    expect(clock.now()).to.equal(start + 1_500);
    expect(clock.idleTime() - start).to.equal(1_500);
    expect(new Date(clock.wallNow()).toISOString()).to.equal('2026-01-01T00:00:01.500Z');
  });

  it('fires what falls due, in order of time, then of start, at its own time', async () => {
    const start = clock.now();
    const fired: [string, number][] = [];
    const note = (name: string, ms: number): void => {
      clock.setTimer(() => fired.push([name, clock.now() - start]), ms);
    };
    note('c', 20);
    note('a', 10);
    note('b', 10);
    note('later', 31);
    expect(clock.pending).to.equal(4);
    await clock.advance(30);
    expect(fired).to.deep.equal([
      ['a', 10],
      ['b', 10],
      ['c', 20],
    ]);
    expect(clock.pending).to.equal(1);
    await clock.advance(1);
    expect(fired.at(-1)).to.deep.equal(['later', 31]);
  });

  it('fires a timer that another starts, when it falls due within the same advance', async () => {
    const start = clock.now();
    const fired: number[] = [];
    const again = (): void => {
      fired.push(clock.now() - start);
      clock.setTimer(again, 10);
    };
    clock.setTimer(again, 10);
    await clock.advance(35);
    expect(fired).to.deep.equal([10, 20, 30]);
  });

  it('lets promises settle between two timers', async () => {
    const order: string[] = [];
    clock.setTimer(async () => {
      order.push('first');
      await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      order.push('what the first began');
    }, 10);
    clock.setTimer(() => order.push('second'), 10);
    await clock.advance(10);
    expect(order).to.deep.equal(['first', 'what the first began', 'second']);
  });

  it('never fires a cancelled timer', async () => {
    const fired: string[] = [];
    const cancelled = clock.setTimer(() => fired.push('cancelled'), 20);
    clock.setTimer(() => cancelled.cancel(), 10);
    await clock.advance(100);
    cancelled.cancel();
    expect(fired).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('takes no timer for nothing: one that starts itself again cannot hold time up', async () => {
    let fired = 0;
    const again = (): void => {
      fired++;
      clock.setTimer(again, 0);
    };
    clock.setTimer(again, 0);
    expect(fired).to.equal(0);
    await clock.advance(5);
    expect(fired).to.equal(5);
  });

  it('refuses a time that is none', () => {
    expect(() => clock.setTimer(() => {}, Number.NaN)).to.throw('must have a finite time, got NaN');
  });

  it('calls after the next turn of the real loop', async () => {
    const order: string[] = [];
    clock.afterPoll(() => order.push('after'));
    await Promise.resolve();
    order.push('before');
    await settle();
    expect(order).to.deep.equal(['before', 'after']);
  });
});

describe('support: waiting', () => {
  it('until: settles when the condition holds, be it told later', async () => {
    let asked = 0;
    await until(() => ++asked === 3, 'it was asked three times');
    await until(async () => true, 'it is told later');
    expect(asked).to.equal(3);
  });

  it('until: fails with what was waited for, or with what the condition throws', async () => {
    const vain = until(() => false, 'pigs fly', 20);
    expect(await vain.catch(String)).to.equal('Error: waited 20 ms in vain until pigs fly');
    const broken = until(() => {
      throw new Error('broken');
    }, 'pigs fly');
    expect(await broken.catch(String)).to.equal('Error: broken');
  });

  it('event: settles with the first event that fits, and listens no longer', async () => {
    const cache = createCache({ redis: false, logger: false });
    const hit = event(cache, 'lookup', ({ key }) => key === 'b');
    for (const key of ['a', 'b', 'c']) await cache.get(key);
    expect((await hit).key).to.equal('b');
    await cache.close();
  });

  it('event: fails with the name of what did not happen', async () => {
    const cache = createCache({ redis: false, logger: false });
    const vain = event(cache, 'lookup', () => true, 20);
    expect(await vain.catch(String)).to.equal("Error: waited 20 ms in vain for the event 'lookup'");
    await cache.close();
  });

  it('unhandled: has each rejection once, and each exception, until it is stopped', () => {
    // In a process without Mocha, which makes failures of exceptions.
    const program = `
      const { unhandled } = await import(${JSON.stringify(pathToFileURL(join(__dirname, 'wait.js')).href)});
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const loose = unhandled();
      const rejected = Promise.reject('loose');
      process.emit('unhandledRejection', 'loose', rejected);
      Promise.reject('held').catch(() => {});
      setImmediate(() => { throw 'thrown'; });
      await turn();
      await turn();
      const found = loose.stop();
      console.log(JSON.stringify(found), process.listenerCount('unhandledRejection'));`;
    const args = ['--input-type=module', '--eval', program];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stderr).to.equal('');
    expect(stdout.trim()).to.equal('["loose","thrown"] 0');
  });

  it('handles: names what is open, sorted', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const open = handles();
      expect(open).to.include('TCPServerWrap');
      expect(open).to.deep.equal([...open].sort());
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    await until(() => !handles().includes('TCPServerWrap'), 'it names it no longer');
  });
});
