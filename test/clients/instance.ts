import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A service in a process of its own: that of service.ts, or another. */
export class Instance {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** `argument` is the address of Redis for service.ts, that of the database for database-service.ts. */
  static async start(argument = '', name = 'service', env = {}): Promise<Instance> {
    const script = join(__dirname, `${name}.js`);
    const child = fork(script, [argument], {
      execArgv: [],
      env: { ...process.env, ...env },
    });
    const [message] = (await once(child, 'message')) as [{ port: number }];
    return new Instance(child, message.port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async setDatabase(isUp: boolean): Promise<void> {
    await this.ask({ isUp });
  }

  /** What the service answers to a message. */
  async ask(message: object): Promise<unknown> {
    const answered = once(this.#child, 'message');
    this.#child.send(message);
    const [answer] = await answered;
    return answer;
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
