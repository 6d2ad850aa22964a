import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageNameAbove } from '../../lib/cache/application.js';
import { RedisServer } from '../support/redis-server.js';

const PACKAGE = join(__dirname, '../../../dist/index.js');

/** Connects, prints what it logs, and ends when the record names it. */
const PROGRAM = `
const { createCache } = require(${JSON.stringify(PACKAGE)});
const { createClient } = require(${JSON.stringify(require.resolve('redis'))});
const [, , url, prefix, times] = process.argv;
const print = (line) => console.log(line);
(async () => {
  const client = await createClient({ url }).connect();
  const { name } = require('../package.json');
  for (let i = 0; i < Number(times); i++) {
    const logger = { info() {}, warn: print, error: print };
    const cache = createCache({ redis: url, prefix, logger, commandTimeout: '2s' });
    while (cache.status().mode !== 'normal') await new Promise((r) => setTimeout(r, 10));
    while ((await client.hGet(prefix + '__ech:{ech}:pos', 'app')) !== name) await new Promise((r) => setTimeout(r, 10));
    await cache.set('a', 1);
    await cache.close();
  }
  client.destroy();
})();
`;

describe('an application on the prefix of another one', function () {
  this.timeout(30_000);
  let folder: string;
  let redis: RedisServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'application-'));
    redis = await RedisServer.start();
  });
  after(async () => {
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function application(
    name: string,
  ): Promise<(prefix: string, times?: number) => Promise<string[]>> {
    const home = join(folder, name.replace(/\W/g, ''));
    // A package.json that only says which kind of modules there is does not name the application.
    await mkdir(join(home, 'dist'), { recursive: true });
    await writeFile(join(home, 'package.json'), JSON.stringify({ name }));
    await writeFile(join(home, 'dist/package.json'), JSON.stringify({ type: 'commonjs' }));
    await writeFile(join(home, 'dist/app.js'), PROGRAM);
    return (prefix, times = 1) =>
      linesOf(join(home, 'dist/app.js'), [redis.url, prefix, `${times}`]);
  }

  it('is named in one warning, which names both', async () => {
    const [shop, admin] = [await application('@org/shop'), await application('admin')];
    expect(await shop('cache:', 2)).to.deep.equal([]);
    const lines = await admin('cache:', 2);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(
      /the application '@org\/shop' uses the prefix 'cache:' .* this one, 'admin', does\./,
    );
    expect(lines[0]).to.match(/#a-prefix-of-another-application$/);
    // The record names the one that connected last.
    expect(await admin('cache:')).to.deep.equal([]);
    expect((await shop('cache:'))[0]).to.match(/the application 'admin' uses/);
  });

  it('is not warned of with a prefix of its own', async () => {
    const [shop, admin] = [await application('shop2'), await application('admin2')];
    expect(await shop('shop2:')).to.deep.equal([]);
    expect(await admin('admin2:')).to.deep.equal([]);
  });

  it('writes the name once, and nothing when it is there', async () => {
    const shop = await application('shop3');
    const seen = [await calls('hset')];
    for (let i = 0; i < 3; i++) {
      await shop('shop3:');
      seen.push(await calls('hset'));
    }
    const [first = 0, second, third] = seen.slice(1).map((count, i) => count - (seen[i] ?? 0));
    // The probe and the script that opens a reign have an HSET of their own.
    expect([second, third]).to.deep.equal([first - 1, first - 1]);
  });

  it('has the name of the nearest package.json that has one', async () => {
    await application('named');
    expect(packageNameAbove(join(folder, 'named/dist'))).to.equal('named');
    expect(packageNameAbove(join(folder, 'named/dist/no/such/folder'))).to.equal('named');
    await writeFile(join(folder, 'named/dist/package.json'), '{ broken');
    expect(packageNameAbove(join(folder, 'named/dist'))).to.equal('named');
  });

  async function calls(command: string): Promise<number> {
    const stats = String(await redis.command('INFO', 'commandstats'));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }
});

function linesOf(file: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(text.split('\n').filter(Boolean));
      else reject(new Error(`${file} ended with ${code}: ${text}`));
    });
  });
}
