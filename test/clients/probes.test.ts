import { connect } from 'node:net';
import { expect } from 'chai';
import { freePort } from '../support/redis-server.js';
import { until } from '../support/wait.js';
import { Instance } from './instance.js';
import { Daemon, program, run } from './programs.js';

describe('clients that probe', function () {
  this.timeout(60_000);
  let instance: Instance;

  before(async () => {
    instance = await Instance.start();
  });

  after(() => instance.stop());

  afterEach(async () => {
    await instance.setDatabase(true);
    const isReady = async (): Promise<boolean> => (await fetch(`${instance.url}/health/ready`)).ok;
    await until(isReady, 'the service is ready again');
  });

  const forms: readonly (readonly [string, string, (url: string) => string[], number])[] = [
    ['curl -f', 'curl', (url) => ['-fsS', '-o', '/dev/null', url], 22],
    ['curl -I (HEAD)', 'curl', (url) => ['-fsSI', '-o', '/dev/null', url], 22],
    [
      'curl as a kubelet',
      'curl',
      (url) => [
        '-fsS',
        '-o',
        '/dev/null',
        '-A',
        'kube-probe/1.30',
        '-m',
        '1',
        '--max-filesize',
        '10240',
        url,
      ],
      22,
    ],
    ['wget --spider (HEAD)', 'wget', (url) => ['-q', '--spider', '--tries=1', url], 8],
    ['busybox wget --spider (GET)', 'busybox', (url) => ['wget', '-q', '--spider', url], 1],
  ];
  for (const [form, name, args, failure] of forms) {
    it(`${form} passes when the database is up and fails when it is down`, async () => {
      const path = await program(name);
      const url = `${instance.url}/health/ready`;
      expect((await run(path, args(url))).code).to.equal(0);
      await instance.setDatabase(false);
      await until(async () => (await fetch(url)).status === 503, 'the verdict has aged');
      expect((await run(path, args(url))).code).to.equal(failure);
      expect((await run(path, args(`${instance.url}/health/live`))).code).to.equal(0);
    });
  }

  it('a request without any header gets the real status', async () => {
    const first = (method: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(instance.port, '127.0.0.1', () => {
          socket.write(`${method} /health/ready HTTP/1.0\r\n\r\n`);
        });
        socket.once('data', (chunk) => {
          resolve(chunk.toString().split('\r\n')[0] ?? '');
          socket.destroy();
        });
      });
    expect(await first('OPTIONS')).to.match(/ 200 /);
    await instance.setDatabase(false);
    await until(async () => / 503 /.test(await first('OPTIONS')), 'OPTIONS says 503');
  });

  it('nginx with a cache in front never keeps an answer, though it could', async () => {
    const nginx = await program('nginx', 'nginx-light');
    const port = await freePort();
    const daemon = Daemon.start(
      nginx,
      (folder) => `
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  proxy_cache_path ${folder}/cache keys_zone=c:1m;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${instance.port};
      proxy_cache c;
      proxy_cache_valid any 1m;
      add_header X-Cache $upstream_cache_status always;
    }
  }
}`,
      (file, folder) => ['-c', file, '-p', folder, '-g', 'daemon off; master_process off;'],
    );
    const kept = async (path: string): Promise<string | null> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('x-cache');
    try {
      await until(
        async () =>
          kept('/work').then(
            (state) => state !== null,
            () => false,
          ),
        'nginx serves',
      );
      expect(await kept('/work')).to.equal('HIT');
      for (const path of ['/health', '/health/ready', '/health/live', '/health']) {
        expect([path, await kept(path)]).to.deep.equal([path, 'MISS']);
      }
    } finally {
      await daemon.stop();
    }
  });
});
