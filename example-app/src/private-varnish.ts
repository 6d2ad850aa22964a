import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureVarnish, startVarnish } from '../../scripts/varnish.mjs';

const PAUSE_MS = 100;

/** It compiles its configuration first, which takes some seconds on a busy machine. */
const MOST_TRIES = 300;

/** A Varnish of the app's own in front of it, with the package's deploy/varnish.vcl. */
export class PrivateVarnish {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  /**
   * Resolves when it answers.
   *
   * @throws Error, saying what to run, when there is no Varnish and none can be installed.
   */
  static async start(port: number, originPort: number): Promise<PrivateVarnish> {
    const program = ensureVarnish({ log: console.log });
    const child = startVarnish({ program, port, originPort, isDetached: true });
    const varnish = new PrivateVarnish(`http://127.0.0.1:${port}`, child);
    for (let triesLeft = MOST_TRIES; triesLeft > 0; triesLeft--) {
      if (await varnish.#answers()) return varnish;
      if (child.exitCode !== null) break;
      await sleep(PAUSE_MS);
    }
    await varnish.stop();
    throw new Error(`Varnish does not answer on port ${port}. Is the port in use? Set EDGE_PORT.`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/live`)).ok;
    } catch {
      return false;
    }
  }
}
