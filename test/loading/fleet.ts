import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Answer {
  readonly answers: number;
  readonly loads: number;
  readonly slowestMs: number;
  readonly values: readonly string[];
}

export interface Stampede {
  readonly key: string;
  readonly callers: number;
  readonly loadMs: number;
}

/** A process of its own with a cache on the given Redis. */
export class Member {
  readonly #child: ChildProcess;
  readonly #name: string;

  private constructor(child: ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  /** Settles when the process' cache is connected. */
  static async start(url: string, name: string): Promise<Member> {
    const script = join(__dirname, 'fleet-member.js');
    const child = fork(script, [url, name], { execArgv: [] });
    await once(child, 'message');
    return new Member(child, name);
  }

  get name(): string {
    return this.#name;
  }

  /** Lets many callers ask for a key at once. */
  async stampede(task: Stampede): Promise<Answer> {
    const answer = this.#message('done');
    this.#child.send(task);
    return (await answer) as Answer;
  }

  /** Settles when the process' loader begins to run. */
  async untilLoading(): Promise<void> {
    await this.#message('loading');
  }

  #message(type: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onMessage = (message: { type: string }): void => {
        if (message.type !== type) return;
        this.#child.off('message', onMessage);
        resolve(message);
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', () => reject(new Error(`${this.#name} has ended`)));
    });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
