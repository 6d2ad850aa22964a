import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/redis-server.js';
import { program } from './programs.js';

/** PostgreSQL refuses to run as root; this user owns nothing else. */
const NOBODY = 65_534;

/** A real PostgreSQL server of the test's own, to be frozen and killed. */
export class Postgres {
  readonly port: number;
  readonly #ps: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(ps: string, child: ChildProcess, port: number, folder: string) {
    this.#ps = ps;
    this.#child = child;
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<Postgres> {
    const bin = await binaries();
    const ps = await program('ps', 'procps');
    const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    const isRoot = process.getuid?.() === 0;
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    chmodSync(folder, 0o700);
    const data = join(folder, 'data');
    const init = ['-D', data, '-U', 'test', '-A', 'trust', '--no-sync'];
    execFileSync(join(bin, 'initdb'), init, { ...user, stdio: 'ignore' });
    const port = await freePort();
    const args = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', folder, '-c', 'fsync=off'];
    // A process group of its own, so that the server can be frozen with all its processes.
    const child = spawn(join(bin, 'postgres'), args, { ...user, stdio: 'ignore', detached: true });
    return new Postgres(ps, child, port, folder);
  }

  get url(): string {
    return `postgres://test@127.0.0.1:${this.port}/postgres`;
  }

  freeze(): void {
    this.#signal('SIGSTOP');
  }

  thaw(): void {
    this.#signal('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#signal('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The backends are processes in groups of their own. */
  #signal(signal: NodeJS.Signals): void {
    const server = this.#child.pid;
    if (server === undefined) return;
    const backends = execFileSync(this.#ps, ['-o', 'pid=', '--ppid', `${server}`], {
      encoding: 'utf8',
    });
    const pids = [server, ...backends.split('\n').map(Number).filter(Boolean)];
    for (const pid of pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended meanwhile.
      }
    }
  }
}

/** Where initdb and postgres are: together, and on Debian not on the PATH. */
async function binaries(): Promise<string> {
  const known = (): string | undefined =>
    [...(process.env.PATH ?? '').split(':'), ...debianFolders()].find((folder) =>
      ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
    );
  const found = known();
  if (found !== undefined) return found;
  await program('pg_ctlcluster', 'postgresql');
  const installed = known();
  if (installed === undefined) throw new Error('no initdb and postgres to be found');
  return installed;
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}
