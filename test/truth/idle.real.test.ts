import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { isIn, useWorld } from './world.js';

const IDLE_MS = 3_000;

describe('an idle cache', () => {
  const world = useWorld();

  it('writes nothing, runs no script and tells no script: eight small reads a second', async () => {
    const a = await world.join();
    await a.cache.set('k', 'v');
    expect(await a.cache.get('k')).to.equal('v');
    await world.fenced(a);
    const changes = async (): Promise<string> =>
      /rdb_changes_since_last_save:(\d+)/.exec(
        String(await world.server.command('INFO', 'persistence')),
      )?.[1] ?? '';
    // What was acknowledged last may still get its fence.
    await pause(1_100);
    const before = await changes();
    const monitor = await world.server.monitor();
    await pause(IDLE_MS);
    await monitor.stop();
    expect(await changes()).to.equal(before);
    const names = monitor.lines.map((line) => /"(\w+)"/.exec(line)?.[1]?.toUpperCase());
    expect(new Set(names)).to.deep.equal(new Set(['HMGET', 'GET', 'TIME', 'INFO']));
    expect(names.length).to.be.at.most((IDLE_MS / 500 + 1) * 4);
    await isIn('normal', a);
  });
});
