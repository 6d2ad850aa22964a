import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, program } from '../clients/programs.js';
import { freePort } from '../support/ports.js';
import { until } from '../support/wait.js';

/** A real edge with a file of deploy/, in which the addresses are those of this run. */
export interface RunningEdge {
  readonly url: string;
  stop(): Promise<void>;
}

export const SECRET = 'change-this-secret';

/** Fails if a text to replace is not there. */
function replaced(text: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the file of deploy/ has no '${from}'`);
    return changed.replaceAll(from, to);
  }, text);
}

/** Large enough for 24 KiB of tags, small enough for a test. */
const VARNISH_PARAMETERS = [
  'thread_pools=1',
  'thread_pool_min=10',
  'thread_pool_max=1000',
  'http_resp_hdr_len=32k',
  'http_resp_size=64k',
  'workspace_backend=128k',
  'workspace_client=128k',
];

export async function startVarnish(originPort: number, port?: number): Promise<RunningEdge> {
  const own = port ?? (await freePort());
  // The modules come first: the package of Varnish pulls no module in.
  await program('varnishadm', 'varnish-modules');
  const path = await program('varnishd', 'varnish');
  const vcl = replaced(readFileSync('deploy/varnish.vcl', 'utf8'), {
    '.port = "3000"': `.port = "${originPort}"`,
  });
  const daemon = Daemon.start(
    path,
    () => vcl,
    (file, folder) => [
      '-F',
      ...['-j', 'none', '-T', 'none', '-n', join(folder, 'wd')],
      ...['-a', `127.0.0.1:${own}`, '-f', file, '-s', 'malloc,64m'],
      ...VARNISH_PARAMETERS.flatMap((parameter) => ['-p', parameter]),
    ],
  );
  return ready({ url: `http://127.0.0.1:${own}`, stop: () => daemon.stop() });
}

export async function startNginx(originPort: number, port?: number): Promise<RunningEdge> {
  const own = port ?? (await freePort());
  const path = await program('nginx');
  const daemon = Daemon.start(
    path,
    (folder) => {
      for (const name of ['cache', 'tmp']) mkdirSync(join(folder, name));
      const site = replaced(readFileSync('deploy/nginx-cache.conf', 'utf8'), {
        '127.0.0.1:3000': `127.0.0.1:${originPort}`,
        '127.0.0.1:8080': `127.0.0.1:${own}`,
        '/var/cache/nginx/edge': join(folder, 'cache'),
      });
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
      const temporary = paths.map((name) => `${name}_temp_path ${join(folder, 'tmp', name)};`);
      const user = process.getuid?.() === 0 ? 'user root;' : '';
      return `${user} daemon off; worker_processes 1; pid ${join(folder, 'pid')};
error_log ${join(folder, 'error.log')};
events {}
http { access_log off; ${temporary.join(' ')}
${site}
}`;
    },
    (file, folder) => ['-c', file, '-p', folder, '-e', join(folder, 'error.log')],
  );
  return ready({ url: `http://127.0.0.1:${own}`, stop: () => daemon.stop() });
}

/** Varnish compiles its configuration first. */
async function ready(edge: RunningEdge): Promise<RunningEdge> {
  const isReady = async (): Promise<boolean> => {
    try {
      return (await fetch(`${edge.url}/health/ready`)).status === 200;
    } catch {
      return false;
    }
  };
  try {
    await until(isReady, 'the edge forwards', 30_000);
    return edge;
  } catch (error) {
    await edge.stop();
    throw error;
  }
}
