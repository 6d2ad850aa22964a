import { execFileSync } from 'node:child_process';
import { join, relative, sep } from 'node:path';
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

/** Files of the package that a program has loaded at its end, as paths from `lib/`. */
function filesLoadedBy(program: string): string[] {
  const report = 'console.log(JSON.stringify(Object.keys(require.cache)));';
  const output = execFileSync(process.execPath, ['--eval', `${program}; ${report}`], {
    cwd: __dirname,
    encoding: 'utf8',
  });
  const own = (JSON.parse(output) as string[]).filter((path) => !path.includes('node_modules'));
  return own.map((path) => relative(LIB, path).split(sep).join('/'));
}

/** Files of the testing kit among those. */
function testingFilesLoadedBy(program: string): string[] {
  return filesLoadedBy(program).filter((path) => /^testing[/.]/.test(path));
}

const LIB = join(__dirname, '../lib');
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
    const loaded = packagesLoadedBy(program);
    expect(loaded).to.include('@redis/client');
    // The commands of modules that nothing here uses.
    expect(loaded).to.not.include.members(['@redis/search']);
    expect(loaded).to.not.include.members(['redis']);
  });

  it('load the whole driver where its client is not found, as in a bundle', () => {
    const breaking = `const M = require('node:module'), resolve = M._resolveFilename; let isBroken = true;
      M._resolveFilename = (name, ...more) => {
        if (name === '@redis/client' && isBroken) { isBroken = false; throw new Error('not found'); }
        return resolve(name, ...more);
      }`;
    const program = `${breaking}; void require(${ROOT}).createCache({ logger: false }).close()`;
    expect(packagesLoadedBy(program)).to.include.members(['redis', '@redis/client']);
  });

  it('load a part of the cache when an option asks for it, in the call that makes the cache', () => {
    const options: Readonly<Record<string, readonly string[]>> = {
      '{ logger: false }': [],
      "{ logger: false, redis: 'redis-cluster://127.0.0.1:1' }": [
        'redis/cluster/',
        'redis/naming/',
        'redis/options/servers',
      ],
      "{ logger: false, redis: 'redis-sentinel://127.0.0.1:1#m' }": [
        'redis/naming/',
        'redis/options/servers',
        'redis/sentinel/',
      ],
      '{ logger: false, near: true }': ['tiers/near/near-keys'],
      '{ logger: false, warm: true }': ['loading/warm/warm-up'],
      "{ logger: false, freshness: { observe: ['a'] } }": ['loading/freshness/audits.js'],
      '{ redis: false }': [],
    };
    const parts = [
      ...new Set(Object.values(options).flat()),
      'health/http/',
      'health/page/',
      'edge/edge-tier',
    ];
    for (const [text, wanted] of Object.entries(options)) {
      const files = filesLoadedBy(`void require(${ROOT}).createCache(${text}).close()`);
      const loaded = parts.filter((part) => files.some((file) => file.startsWith(part)));
      expect(loaded.sort(), text).to.deep.equal([...wanted].sort());
    }
  });

  it('load the live page only for `ui`, and the endpoints only for a health router', () => {
    const router = `require(${ROOT}).healthRouter`;
    const areLoaded = (program: string): readonly boolean[] => {
      const files = filesLoadedBy(program);
      return ['health/http/', 'health/page/'].map((part) =>
        files.some((file) => file.startsWith(part)),
      );
    };
    expect(areLoaded(`require(${ROOT})`)).to.deep.equal([false, false]);
    expect(areLoaded(`${router}()`)).to.deep.equal([true, false]);
    expect(areLoaded(`${router}({ ui: true }).beginShutdown()`)[1]).to.equal(true);
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
