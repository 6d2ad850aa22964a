import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Instance } from './instance.js';
import { ask, load, type Tally } from './load.js';
import { Daemon, program } from './programs.js';

const CHECKS = ['default', 'get', 'head', 'body'] as const;

/** One backend for each way in which HAProxy is told to look at a service. */
function checksConfig(socket: string, port: number): string {
  const server = `server s1 127.0.0.1:${port} check`;
  const get = (method: string): string =>
    `option httpchk\n  http-check send meth ${method} uri /health/ready ver HTTP/1.1 hdr Host app\n  http-check expect status 200`;
  return `
global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 2s
  default-server inter 100ms fall 2 rise 1
backend default
  option httpchk /health/ready
  ${server}
backend get
  ${get('GET')}
  ${server}
backend head
  ${get('HEAD')}
  ${server}
backend body
  option httpchk
  http-check send meth GET uri /health ver HTTP/1.1 hdr Host app
  http-check expect rstring "^{\\"status\\":\\"(ok|degraded)\\""
  ${server}
`;
}

/** Status and name of the last check of each backend's server, from HAProxy's own statistics. */
async function states(socket: string): Promise<Record<string, string>> {
  const text = await new Promise<string>((resolve, reject) => {
    let said = '';
    const stats = connect(socket, () => stats.end('show stat\n'));
    stats.on('data', (chunk) => {
      said += chunk;
    });
    stats.on('end', () => resolve(said));
    stats.on('error', reject);
  });
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const result: Record<string, string> = {};
  for (const line of lines) {
    const cells = line.split(',');
    if (cells[columns.indexOf('svname')] !== 's1' && cells[columns.indexOf('svname')] !== 's2')
      continue;
    const name = `${cells[0]}`;
    result[name] = cells[columns.indexOf('status')] ?? '';
  }
  return result;
}

describe('HAProxy', function () {
  this.timeout(60_000);
  let haproxy: string;

  before(async () => {
    haproxy = await program('haproxy');
  });

  it('sees DOWN when the database is down and UP when only Redis is, however it looks', async () => {
    const redis = await RedisServer.start();
    const instance = await Instance.start(redis.url);
    const daemon = Daemon.start(
      haproxy,
      (folder) => checksConfig(join(folder, 'h.sock'), instance.port),
      (file) => ['-f', file, '-db'],
    );
    const socket = join(daemon.folder, 'h.sock');
    const seen = async (wanted: string): Promise<boolean> => {
      const now = await states(socket).catch(() => ({}) as Record<string, string>);
      return CHECKS.every((check) => now[check]?.startsWith(wanted));
    };
    try {
      await until(() => seen('UP'), 'HAProxy sees UP');
      await redis.kill();
      await until(
        async () => (await health(instance.url)).includes('"degraded"'),
        'health is degraded',
      );
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await states(socket)).to.satisfy((now: Record<string, string>) =>
        CHECKS.every((check) => now[check]?.startsWith('UP')),
      );
      await instance.setDatabase(false);
      await until(() => seen('DOWN'), 'HAProxy sees DOWN');
      await instance.setDatabase(true);
      await until(() => seen('UP'), 'HAProxy sees UP again');
    } finally {
      await daemon.stop();
      await instance.stop();
      await redis.stop();
    }
  });

  /** 2 500 requests by ten clients, an instance of two told to end meanwhile, HAProxy repeating none. */
  async function drained(delayMs: number): Promise<Tally> {
    const start = (): Promise<Instance> =>
      Instance.start('', 'service', { DRAIN_DELAY: `${delayMs}` });
    const instances = await Promise.all([start(), start()]);
    const port = await freePort();
    const daemon = Daemon.start(
      haproxy,
      (folder) => drainConfig(join(folder, 'h.sock'), port, instances),
      (file) => ['-f', file, '-db'],
    );
    try {
      await until(async () => (await ask(port, '/work')) === '200', 'HAProxy forwards');
      let ended: Promise<number | null> | undefined;
      const tally = await load(port, '/work', {
        count: 2_500,
        pauseMs: 10,
        onSent: (sent) => {
          if (sent === 300) ended = instances[0]?.terminate();
        },
      });
      console.log(`      answers: ${JSON.stringify(tally)}`);
      expect(await ended).to.equal(0);
      return tally;
    } finally {
      await daemon.stop();
      await Promise.all(instances.map((instance) => instance.stop()));
    }
  }

  it('loses no request of 2 500 when one of two instances gets SIGTERM', async () => {
    expect(await drained(1_500)).to.deep.equal({ 200: 2_500 });
  });

  it('would lose some if the instance did not wait: the control', async () => {
    const { 200: answered = 0, ...lost } = await drained(0);
    expect(Object.keys(lost)).not.to.deep.equal([]);
    expect(answered).to.be.below(2_500);
  });
});

function drainConfig(socket: string, port: number, instances: readonly Instance[]): string {
  const servers = instances.map(
    (instance, i) => `  server s${i + 1} 127.0.0.1:${instance.port} check`,
  );
  return `
global
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout check 2s
  retries 0
  default-server inter 200ms fall 1 rise 1
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  option httpchk /health/ready
${servers.join('\n')}
`;
}

async function health(url: string): Promise<string> {
  return (await fetch(`${url}/health`)).text();
}
