import { inspect } from 'node:util';
import { expect } from 'chai';
import { createCache } from '../../../lib/index.js';
import type { ClusterServers, SentinelServers } from '../../../lib/redis/connection/client.js';
import { parseRedis } from '../../../lib/redis/redis-options.js';

function sentinelOf(given: unknown): SentinelServers & { readonly name: string } {
  const { source, name } = parseRedis(given);
  if (source?.kind !== 'sentinel') throw new Error('it is no Sentinel');
  return { ...source, name };
}

function refusalOf(given: unknown): string {
  try {
    parseRedis(given);
  } catch (error) {
    expect((error as { code?: unknown }).code).to.equal('ERR_CACHE_OPTION');
    return inspect(error, { depth: 5 });
  }
  throw new Error('it was accepted');
}

/** The options of a client that was made and never connected. */
function optionsOf(client: unknown): Record<string, unknown> & { socket: Record<string, unknown> } {
  return (client as { options: never }).options;
}

const HOST = { host: 'db', port: 6379 };
const LIST = ['redis://s1:26379', 's2:26380', '[::1]:26381', 's3'];

describe('several servers in the option redis', () => {
  describe('Sentinels', () => {
    it('are read from a URL', () => {
      const { master, sentinels, name } = sentinelOf('redis-sentinel://s1:26380,s2/2#my%20shop');
      expect(master).to.equal('my shop');
      expect(sentinels).to.deep.equal([
        { host: 's1', port: 26_380 },
        { host: 's2', port: 26_379 },
      ]);
      expect(name).to.contain('s1:26380,s2');
    });

    it('are read from options', () => {
      const { sentinels, name } = sentinelOf({ sentinel: { master: 'shop', sentinels: LIST } });
      expect(sentinels.map(({ host, port }) => `${host} ${port}`)).to.deep.equal([
        's1 26379',
        's2 26380',
        '::1 26381',
        's3 26379',
      ]);
      expect(name).to.equal('shop of the Sentinels s1:26379, s2:26380, [::1]:26381, s3:26379');
    });

    it('in REDIS_URL are enough', () => {
      const before = process.env.REDIS_URL;
      process.env.REDIS_URL = 'redis-sentinel://s1#shop';
      try {
        expect(sentinelOf(undefined).master).to.equal('shop');
      } finally {
        if (before === undefined) delete process.env.REDIS_URL;
        else process.env.REDIS_URL = before;
      }
    });

    it('have credentials of their own; those in the URL are those of the Redis', () => {
      const sentinel = { username: 'watch', password: 'w@tch' };
      const url = 'rediss-sentinel://shop:p%40ss@s1,s2/3#shop';
      const { connect, connectSentinel } = sentinelOf({ url, sentinel });
      const redis = optionsOf(connect(HOST));
      expect(redis).to.include({ username: 'shop', password: 'p@ss', database: 3 });
      expect(redis.socket).to.include({
        host: 'db',
        port: 6379,
        tls: true,
        reconnectStrategy: false,
      });
      const watch = optionsOf(connectSentinel({ host: 's1', port: 26_379 }));
      expect(watch).to.include({ username: 'watch', password: 'w@tch' });
      expect(watch).to.not.have.property('database');
      expect(watch.socket).to.include({ host: 's1', port: 26_379, tls: true });
    });

    it('speak TLS or not, whatever the Redis does', () => {
      const url = 'rediss-sentinel://s1#shop';
      const plain = sentinelOf({ url, sentinel: { tls: false } });
      expect(optionsOf(plain.connectSentinel(HOST)).socket.tls).to.equal(false);
      expect(optionsOf(plain.connect(HOST)).socket.tls).to.equal(true);
      const sentinel = { master: 'shop', sentinels: ['rediss://s1'] };
      const secret = sentinelOf({ sentinel });
      expect(optionsOf(secret.connectSentinel(HOST)).socket.tls).to.equal(true);
      expect(optionsOf(secret.connect(HOST)).socket.tls).to.equal(undefined);
      const own = sentinelOf({ sentinel: { ...sentinel, tls: { servername: 'x' } } });
      expect(optionsOf(own.connectSentinel(HOST)).socket).to.include({
        tls: true,
        servername: 'x',
      });
    });

    it('announce addresses that `nat` maps, and a wrong answer of it is an error that says so', () => {
      const map = (nat: unknown) =>
        sentinelOf({ sentinel: { master: 'shop', sentinels: LIST, nat } }).nat(HOST);
      expect(map(undefined)).to.deep.equal(HOST);
      expect(map(({ port }: { port: number }) => ({ host: 'out', port: port + 1 }))).to.deep.equal({
        host: 'out',
        port: 6380,
      });
      for (const wrong of [undefined, null, 'out:1', { host: 'out' }, { host: '', port: 1 }]) {
        expect(() => map(() => wrong)).to.throw(
          'what redis.sentinel.nat returns for db:6379 must be an address { host, port }',
        );
      }
    });

    it('keep the options of the connection', () => {
      const { connect } = sentinelOf({
        database: 4,
        password: 'x',
        socket: { connectTimeout: 77 },
        sentinel: { master: 'shop', sentinels: LIST },
      });
      const { socket, ...made } = optionsOf(connect(HOST, 'HELLO'));
      expect(made).to.include({ database: 4, password: 'x', RESP: 2, emitInvalidate: false });
      expect(socket).to.include({ connectTimeout: 77, host: 'db' });
    });
  });

  describe('the nodes of a cluster', () => {
    const clusterOf = (given: unknown): ClusterServers & { readonly name: string } => {
      const { source, name } = parseRedis(given);
      if (source?.kind !== 'cluster') throw new Error('it is no cluster');
      return { ...source, name };
    };

    it('are read from a URL', () => {
      const { nodes, name, connect } = clusterOf('rediss-cluster://shop:p%40ss@n1,n2:7001');
      expect(nodes).to.deep.equal([
        { host: 'n1', port: 6379 },
        { host: 'n2', port: 7001 },
      ]);
      expect(name).to.contain('n1,n2:7001').and.not.contain('p%40ss');
      const made = optionsOf(connect(HOST));
      expect(made).to.include({ username: 'shop', password: 'p@ss' });
      expect(made.socket).to.include({ host: 'db', port: 6379, tls: true });
    });

    it('are read from options', () => {
      const { nodes, name, nat } = clusterOf({
        cluster: { nodes: ['redis://n1', 'n2:7001'], nat: () => ({ host: 'out', port: 1 }) },
      });
      expect(nodes.map(({ host }) => host)).to.deep.equal(['n1', 'n2']);
      expect(name).to.equal('the cluster at n1:6379, n2:7001');
      expect(nat(HOST)).to.deep.equal({ host: 'out', port: 1 });
    });

    it('want a prefix that puts keys into all slots', () => {
      const redis = 'redis-cluster://n1';
      expect(() => createCache({ redis, prefix: 'a{b}:' })).to.throw(
        /prefix must be a text without '\{'/,
      );
    });
  });

  const WRONG: readonly (readonly [string, unknown, RegExp])[] = [
    ['no name', 'redis-sentinel://s1,s2', /does not name the primary.*#name-of-the-primary/],
    ['an empty name', 'redis-sentinel://s1#', /does not name the primary/],
    ['no server', 'redis-sentinel://#shop', /a server that is no host:port/],
    ['an empty server', 'redis-sentinel://s1,,s2#shop', /a server that is no host:port/],
    ['a wrong port', 'redis-sentinel://s1:99999#shop', /a server that is no host:port/],
    ['a database that is no number', 'redis-sentinel://s1/x#shop', /a database that is no number/],
    ['a query', 'redis-sentinel://s1?a=b#shop', /has no meaning/],
    ['two paths', 'redis-sentinel://s1/1/2#shop', /has no meaning/],
    ['a password that is not encoded', 'redis-sentinel://:a#b@s1#shop', /Encode it/],
    ['the same in options', { url: 'redis-sentinel://:a#b@s1#shop' }, /Encode it/],
    [
      'no list',
      { sentinel: { master: 'shop' } },
      /redis\.sentinel\.sentinels must be a list of URLs/,
    ],
    ['an empty list', { sentinel: { master: 'shop', sentinels: [] } }, /got an array/],
    [
      'a list of objects',
      { sentinel: { master: 's', sentinels: [HOST] } },
      /sentinels\[0\] must be a URL/,
    ],
    [
      'no name in options',
      { sentinel: { sentinels: LIST } },
      /redis\.sentinel\.master must be a text/,
    ],
    ['an unknown option', { sentinel: { name: 'shop', sentinels: LIST } }, /has no option 'name'/],
    [
      'mixed TLS',
      { sentinel: { master: 's', sentinels: ['redis://a', 'rediss://b'] } },
      /all with/,
    ],
    [
      'an address besides',
      { sentinel: { master: 's', sentinels: LIST }, socket: { host: 'x' } },
      /redis\.socket\.host must be absent/,
    ],
    [
      'a URL of one Redis besides',
      { url: 'redis://x', sentinel: {} },
      /redis\.url must be a URL that begins with 'redis-sentinel:/,
    ],
    [
      'the name twice',
      { url: 'redis-sentinel://s1#shop', sentinel: { master: 'shop' } },
      /master must be absent/,
    ],
    [
      'the list twice',
      { url: 'redis-sentinel://s1#shop', sentinel: { sentinels: LIST } },
      /sentinels must be absent/,
    ],
    [
      'a nat that is no function',
      { url: 'redis-sentinel://s1#shop', sentinel: { nat: {} } },
      /nat must be a function/,
    ],
    [
      'the options of another driver',
      { sentinels: [HOST], name: 'shop' },
      /redis: \{ sentinel: \{ master/,
    ],
    [
      'the options of createSentinel',
      { name: 'shop', sentinelRootNodes: [HOST] },
      /redis: \{ sentinel: \{ master/,
    ],
    ['an array', ['redis://a', 'redis://b'], /got an array/],
    ['a cluster with a name', 'redis-cluster://a:1,b:2#shop', /names a primary, which a cluster/],
    ['a cluster with a database', 'redis-cluster://a:1/2', /a cluster has database 0 alone/],
    ['the same in options', { cluster: { nodes: ['a'] }, database: 2 }, /database 0 alone/],
    ['a cluster without nodes', { cluster: {} }, /redis\.cluster\.nodes must be a list of URLs/],
    ['an unknown option of it', { cluster: { node: ['a'] } }, /Did you mean 'nodes'/],
    [
      'both',
      { cluster: { nodes: ['a'] }, sentinel: { master: 's', sentinels: ['b'] } },
      /both sentinel and cluster/,
    ],
    [
      'a Sentinel URL beside cluster',
      { url: 'redis-sentinel://a#s', cluster: {} },
      /begins with 'redis-cluster:/,
    ],
    [
      'the nodes twice',
      { url: 'redis-cluster://a', cluster: { nodes: ['a'] } },
      /nodes must be absent/,
    ],
    [
      'an address besides nodes',
      { cluster: { nodes: ['a'] }, socket: { port: 1 } },
      /redis\.socket\.port must be absent/,
    ],
    [
      'the options of createCluster',
      { rootNodes: [{ url: 'redis://a' }] },
      /redis: \{ cluster: \{ nodes/,
    ],
  ];
  for (const [title, given, words] of WRONG) {
    it(`${title}: is refused, with advice`, () => {
      expect(refusalOf(given)).to.match(words);
    });
  }

  it('a password in a list is refused and not shown', () => {
    const sentinels = ['redis://:Sesam@s1'];
    const text = refusalOf({ sentinel: { master: 'shop', sentinels } });
    expect(text).to.match(
      /sentinels\[0\] holds a user or a password\. Put them into redis\.sentinel\.username/,
    );
    expect(text).to.not.contain('Sesam');
  });

  it('no password of a URL is shown', () => {
    const url = 'redis-sentinel://shop:Sesam@s1:26379,s2:26379/1';
    expect(refusalOf(url)).to.not.contain('Sesam');
    expect(sentinelOf(`${url}#shop`).name)
      .to.contain('s1:26379,s2:26379')
      .and.not.contain('Sesam');
  });
});
