import { expect } from 'chai';
import { type Member, useWorld } from './world.js';

describe('on the wire', () => {
  const world = useWorld();
  let a: Member;

  beforeEach(async () => {
    a = await world.join();
    // Redis is told the text of a script once, when it says that it does not know it.
    await a.cache.getOrSet('first', () => 'value');
    await a.cache.set('first', 'value');
    await a.cache.delete('first');
  });

  /** The commands that a piece of work sends, without heartbeats and without what a script does inside. */
  const commands = async (work: () => Promise<unknown>): Promise<string[]> => {
    const monitor = await world.server.monitor();
    await work();
    await monitor.stop();
    return monitor.lines
      .filter((line) => !line.includes('__ech:') && !line.includes('lua]'))
      .map((line) => line.replace(/^[^"]*/, ''))
      .filter((line) => !/^"(ECHO|HSETNX)"/i.test(line));
  };

  it('a hit is one GET and nothing else', async () => {
    await a.cache.set('k', 'value');
    expect(await commands(() => a.cache.get('k'))).to.deep.equal(['"GET" "cache:k"']);
    const hit = (): Promise<string> => a.cache.getOrSet('k', () => 'never');
    expect(await commands(hit)).to.deep.equal(['"GET" "cache:k"']);
    expect(await commands(() => a.cache.forRequest().get('k'))).to.deep.equal(['"GET" "cache:k"']);
  });

  it('a cold load is three commands: look, take the lease, fill', async () => {
    const sent = await commands(() => a.cache.getOrSet('cold', () => 'value'));
    expect(sent.map((line) => line.split(' ')[0])).to.deep.equal([
      '"GET"',
      '"EVALSHA"',
      '"EVALSHA"',
    ]);
  });

  it('a write and a delete are one command each', async () => {
    expect(await commands(() => a.cache.set('k', 'value'))).to.have.length(1);
    expect(await commands(() => a.cache.delete('k'))).to.have.length(1);
  });
});
