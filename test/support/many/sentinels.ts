import { RedisServer } from '../redis-server.js';
import { until } from '../wait.js';

export interface SentinelsOptions {
  readonly sentinels?: number;
  /** How long a server must be silent until a Sentinel counts it as down. @default 1500 */
  readonly downAfterMs?: number;
  /** Further arguments of the primary and its replica. */
  readonly args?: readonly string[];
  /** Further lines of each Sentinel. */
  readonly lines?: readonly string[];
  /** The password that those lines set for people. */
  readonly password?: string;
}

/** The name under which the Sentinels watch the primary. */
export const MASTER = 'shop';

/** A primary, a replica of it, and the Sentinels that watch them: all real. */
export class Sentinels {
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisServer[];

  private constructor(servers: [RedisServer, RedisServer], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  /** Settles when each Sentinel knows the replica and the other Sentinels. */
  static async start(options: SentinelsOptions = {}): Promise<Sentinels> {
    const { sentinels: count = 3, downAfterMs = 1_500, args = [], lines = [] } = options;
    const fast = ['--repl-diskless-sync-delay', '0', ...args];
    const primary = await RedisServer.start({ args: fast });
    const replicaOf = ['--replicaof', `127.0.0.1 ${primary.port}`];
    const replica = await RedisServer.start({ args: [...fast, ...replicaOf] });
    const quorum = Math.floor(count / 2) + 1;
    const sentinel = [
      `sentinel monitor ${MASTER} 127.0.0.1 ${primary.port} ${quorum}`,
      `sentinel down-after-milliseconds ${MASTER} ${downAfterMs}`,
      `sentinel failover-timeout ${MASTER} 10000`,
      ...lines,
    ];
    const own = options.password === undefined ? {} : { password: options.password };
    const starting = Array.from({ length: count }, () => RedisServer.start({ sentinel, ...own }));
    const made = new Sentinels([primary, replica], await Promise.all(starting));
    await until(() => made.#areReady(count), 'the Sentinels know each other');
    return made;
  }

  get urls(): string[] {
    return this.sentinels.map(({ port }) => `redis://127.0.0.1:${port}`);
  }

  get url(): string {
    return `redis-sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}#${MASTER}`;
  }

  /** The port that a Sentinel names. */
  async named(sentinel: RedisServer | undefined = this.sentinels[0]): Promise<number> {
    const found = await sentinel?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER);
    return Number((found as string[])[1]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }

  async #areReady(count: number): Promise<boolean> {
    const replies = await Promise.all(
      this.sentinels.map((each) => each.command('SENTINEL', 'MASTER', MASTER)),
    );
    return replies.every((reply) => {
      const fields = (reply as unknown[]).map(String);
      const field = (name: string): string | undefined => fields[fields.indexOf(name) + 1];
      return (
        field('num-slaves') === '1' &&
        field('num-other-sentinels') === `${count - 1}` &&
        field('flags') === 'master'
      );
    });
  }
}
