import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The service of service.ts in a process of its own. */
export class Instance {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(redisUrl = ''): Promise<Instance> {
    const script = fileURLToPath(new URL('./service.js', import.meta.url));
    const child = fork(script, [redisUrl], { execArgv: [] });
    const [message] = (await once(child, 'message')) as [{ port: number }];
    return new Instance(child, message.port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async setDatabase(isUp: boolean): Promise<void> {
    const done = once(this.#child, 'message');
    this.#child.send({ isUp });
    await done;
  }

  /** SIGTERM. Settles with the exit code. */
  async terminate(): Promise<number | null> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const [code] = await gone;
    return code;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
