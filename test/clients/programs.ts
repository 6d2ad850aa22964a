import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Package {
  readonly names: readonly string[];
  readonly apt: readonly string[];
  readonly brew: readonly string[];
}

/** Tests run from the root of the repository. */
const packageScript = pathToFileURL(join(process.cwd(), 'scripts', 'system-package.mjs'));

/** The path of a program, installed if that is possible; fails with what to type if not. */
export async function program(
  name: string | readonly string[],
  apt: string = [name].flat()[0] as string,
): Promise<string> {
  const { ensureCommand } = (await import(packageScript.href)) as {
    ensureCommand(wanted: Package & { log(line: string): void }): string;
  };
  const wanted = { names: [name].flat(), apt: [apt], brew: [apt], service: apt };
  return ensureCommand({ ...wanted, log: (line) => console.log(`      ${line}`) });
}

/** What a program says and how it ends. */
export function run(
  path: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string }> {
  return new Promise((resolve) => {
    execFile(path, args, { encoding: 'utf8' }, (error, stdout) => {
      const { code = 0 } = (error ?? {}) as { code?: number };
      resolve({ code, stdout });
    });
  });
}

/** A program that serves, with a configuration file in a folder of its own. */
export class Daemon {
  readonly folder: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.folder = folder;
  }

  static start(
    path: string,
    config: (folder: string) => string,
    args: (file: string, folder: string) => readonly string[],
  ): Daemon {
    const folder = mkdtempSync(join(tmpdir(), 'client-'));
    const file = join(folder, 'client.conf');
    writeFileSync(file, config(folder));
    const child = spawn(path, args(file, folder), { stdio: 'ignore' });
    return new Daemon(child, folder);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
