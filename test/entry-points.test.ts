import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';

/** The installed packages whose files a program has loaded at its end. */
function packagesLoadedBy(program: string): string[] {
  const report = `console.log(JSON.stringify(Object.keys(require.cache)));`;
  const args = ['--eval', `${program}; ${report}`];
  const output = execFileSync(process.execPath, args, { cwd: __dirname, encoding: 'utf8' });
  const names = (JSON.parse(output) as string[]).map(
    (path) => /node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1] ?? '',
  );
  return [...new Set(names)].filter((name) => name !== '');
}

/** Files of the testing kit among those that a program has loaded at its end. */
function testingFilesLoadedBy(program: string): string[] {
  const report = 'console.log(JSON.stringify(Object.keys(require.cache)));';
  const output = execFileSync(process.execPath, ['--eval', `${program}; ${report}`], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  return (JSON.parse(output) as string[]).filter((path) => /lib[\\/]testing[\\/.]/.test(path));
}

const ROOT = JSON.stringify(join(__dirname, '../lib/index.js'));
const HEALTH = JSON.stringify(join(__dirname, '../lib/health.js'));
const HTTP_CACHE = JSON.stringify(join(__dirname, '../lib/http-cache.js'));
const TESTING = JSON.stringify(join(__dirname, '../lib/testing.js'));

describe('the entry points', () => {
  it('load no Redis driver when the package is imported', () => {
    expect(packagesLoadedBy(`require(${ROOT})`)).to.deep.equal(['lru-cache']);
  });

  it('load no Redis driver for a cache without Redis', () => {
    const program = `require(${ROOT}).createCache({ redis: false })`;
    expect(packagesLoadedBy(program)).to.deep.equal(['lru-cache']);
  });

  it('load the Redis driver for a cache with Redis', () => {
    const program = `void require(${ROOT}).createCache({ logger: false }).close()`;
    expect(packagesLoadedBy(program)).to.include('redis');
  });

  it('load no package at all for the health endpoints alone', () => {
    expect(packagesLoadedBy(`require(${HEALTH}).healthRouter()`)).to.deep.equal([]);
  });

  it('load no package at all for the response cache', () => {
    const program = `require(${HTTP_CACHE}).responseCache()`;
    expect(packagesLoadedBy(program)).to.deep.equal([]);
  });

  it('load nothing of the testing kit, except ./testing, which loads no test framework and no driver', () => {
    const cache = `require(${ROOT}).createCache({ redis: false })`;
    const health = `require(${HEALTH}).healthRouter()`;
    const kit = `require(${TESTING}).createTestCache()`;
    expect(testingFilesLoadedBy(`${cache}; ${health}`)).to.deep.equal([]);
    expect(testingFilesLoadedBy(kit)).to.not.deep.equal([]);
    expect(packagesLoadedBy(kit)).to.deep.equal(['lru-cache']);
  });

  it('are the same things at the root and under ./health', () => {
    const root = require('../lib/index.js');
    const health = require('../lib/health.js');
    expect(Object.keys(health)).to.include.members(['healthRouter', 'gracefulShutdown']);
    for (const name of Object.keys(health)) expect(health[name], name).to.equal(root[name]);
  });
});
