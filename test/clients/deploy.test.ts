import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Instance } from './instance.js';
import { ask, load } from './load.js';
import { Daemon, program, run } from './programs.js';

const REQUESTS = 2_500;

/** The drain that deploy/ speaks of: the default of gracefulShutdown. */
const AS_DEPLOYED = { DRAIN_DELAY: '5000' };

function deployed(name: string): string {
  return readFileSync(`deploy/${name}`, 'utf8');
}

/** A file of deploy/ with the ports of this run in place of its own. Each must be there. */
function withPorts(text: string, ports: Readonly<Record<number, number>>): string {
  return Object.entries(ports).reduce((changed, [from, to]) => {
    expect(changed).to.include(`:${from}`);
    return changed.replaceAll(`:${from}`, `:${to}`);
  }, text);
}

describe('the files of deploy/', function () {
  this.timeout(90_000);
  let instances: readonly [Instance, Instance];
  let port: number;
  let daemon: Daemon | undefined;

  beforeEach(async () => {
    const start = (): Promise<Instance> => Instance.start('', 'service', AS_DEPLOYED);
    instances = await Promise.all([start(), start()]);
    port = await freePort();
  });

  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
    await Promise.all(instances.map((instance) => instance.stop()));
  });

  const ports = (): Readonly<Record<number, number>> => ({
    8080: port,
    3001: instances[0].port,
    3002: instances[1].port,
  });

  async function expectNothingLost(): Promise<void> {
    await until(async () => (await ask(port, '/work')) === '200', 'the balancer forwards');
    let ended: Promise<number | null> | undefined;
    const tally = await load(port, '/work', {
      count: REQUESTS,
      pauseMs: 25,
      onSent: (sent) => {
        if (sent === 300) ended = instances[0].terminate();
      },
    });
    console.log(`      answers: ${JSON.stringify(tally)}`);
    expect(tally).to.deep.equal({ 200: REQUESTS });
    expect(await ended).to.equal(0);
  }

  describe('haproxy.cfg', () => {
    beforeEach(async () => {
      const haproxy = await program('haproxy');
      const config = withPorts(deployed('haproxy.cfg'), ports());
      daemon = Daemon.start(
        haproxy,
        () => config,
        (file) => ['-f', file, '-db'],
      );
    });

    it('is accepted, and loses nothing when an instance ends after the default drain', async () => {
      const haproxy = await program('haproxy');
      expect((await run(haproxy, ['-c', '-f', 'deploy/haproxy.cfg'])).code).to.equal(0);
      await expectNothingLost();
    });

    it('takes an instance out whose database is down, and keeps the other', async () => {
      await until(async () => (await ask(port, '/work')) === '200', 'HAProxy forwards');
      await instances[0].setDatabase(false);
      // /health goes where /work goes: through the balancer nobody sees the sick one any more.
      let healthy = 0;
      await until(
        async () => {
          healthy = (await ask(port, '/health/ready')) === '200' ? healthy + 1 : 0;
          return healthy === 20;
        },
        'HAProxy has taken it out',
        20_000,
      );
      await instances[1].setDatabase(false);
      await until(async () => (await ask(port, '/work')) === '503', 'no instance is left', 20_000);
    });
  });

  describe('nginx.conf', () => {
    beforeEach(async () => {
      const nginx = await program('nginx', 'nginx-light');
      daemon = Daemon.start(
        nginx,
        (folder) => {
          const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
            .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
            .join('\n  ');
          const text = withPorts(deployed('nginx.conf'), ports());
          return `pid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;\n${text.replace(
            'http {',
            `http {\n  access_log off;\n  ${own}`,
          )}`;
        },
        (file, folder) => ['-c', file, '-p', folder, '-g', 'daemon off; master_process off;'],
      );
    });

    it('loses nothing when an instance ends', expectNothingLost);

    it('shows health to people inside', async () => {
      await until(async () => (await ask(port, '/health')) === '200', 'nginx forwards');
      const { headers } = await fetch(`http://127.0.0.1:${port}/health`);
      expect(headers.get('cache-control')).to.equal('no-store');
    });
  });

  describe('Dockerfile.healthcheck', () => {
    const commands = [...deployed('Dockerfile.healthcheck').matchAll(/CMD (.+)/g)].map(
      ([, command = '']) => command,
    );

    it('has a line for an image with wget and one without', () => {
      expect(commands.map((command) => command.split(' ')[0])).to.deep.equal(['wget', 'node']);
    });

    for (const command of commands) {
      it(`ends with 0 while the process lives and 1 when it does not: ${command.split(' ')[0]}`, async () => {
        await program('wget');
        const line = withPorts(command, { 3000: instances[0].port });
        const check = async (): Promise<number | null> => {
          const [code] = await once(spawn('sh', ['-c', line], { stdio: 'ignore' }), 'exit');
          return code;
        };
        expect(await check()).to.equal(0);
        await instances[0].setDatabase(false);
        expect(await check()).to.equal(0);
        await instances[0].stop();
        expect(await check()).to.equal(1);
      });
    }
  });
});
