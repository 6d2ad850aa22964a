import { expect } from 'chai';
import type { CacheOptions, CacheReason, CacheStatus, ModeChange } from '../../lib/index.js';
import { type Cache, cacheMiddleware, createCache } from '../../lib/index.js';
import { isStartLine } from '../support/log-lines.js';
import { handles, unhandled, until } from '../support/wait.js';
import { Traffic } from './traffic.js';
import { isSupervision, Wiretap } from './wiretap.js';

/** A Redis that can be broken and repaired. */
export interface Stage {
  /** What the cache is told. */
  readonly url: string;
  /** Where the same Redis is reached while the fault is not there, by others. */
  readonly truthUrl: string;
  begin(): Promise<void>;
  end(): Promise<void>;
  close(): Promise<void>;
}

export interface Fault {
  readonly title: string;
  /** What `status().reason` says while it lasts: one of these. */
  readonly reasons: readonly CacheReason[];
  /** Lines at level `error`, where the true cause shows only within the outage. */
  readonly errorLines?: number;
  stage(): Promise<Stage>;
  /** The cache is made when the fault is there already. */
  readonly isFromTheStart?: boolean;
  /** Requests come in all the time, not only after the cache has noticed. */
  readonly isUnderLoad?: boolean;
  /** Redis refuses writes alone. */
  readonly isReadable?: boolean;
  readonly options?: CacheOptions;
}

/** The commandTimeout of a story. */
const COMMAND_TIMEOUT_MS = 100;

/** What a call may take beyond that on a machine that others use too. */
const MARGIN_MS = 900;

const OLD = ['rewritten', 'deleted', 'cleared:1', 'cleared:2', 'kept'];

const REQUESTS_DURING = 50;

let stories = 0;

/** Breaks and repairs a Redis before the eyes of a cache, and says what must hold whatever the fault is. */
export function describeFault(fault: Fault): void {
  describe(fault.title, () => {
    const story = new Story(fault);
    before('the fault comes and goes', () => story.live());
    after(() => story.end());

    it('fails no request', () => {
      expect(story.traffic.failed).to.deep.equal([]);
      expect(story.traffic.answered).to.have.lengthOf.at.least(REQUESTS_DURING);
    });

    it('keeps no request longer than commandTimeout', () => {
      expect(story.traffic.slowestMs).to.be.below(COMMAND_TIMEOUT_MS + MARGIN_MS);
    });

    it('lets no request wait once it is known', () => {
      expect(story.msDuring).to.be.below((REQUESTS_DURING * COMMAND_TIMEOUT_MS) / 2);
    });

    it(`counts as degraded: ${fault.reasons.join(' or ')}`, () =>
      expectHonesty(fault, story.during));

    it('is announced once, and its end once', () => {
      expect(story.errors, 'error lines').to.have.lengthOf(fault.errorLines ?? 1);
      expect(story.infos, 'info lines').to.have.lengthOf(1);
      expect(story.errors[0]).to.match(/is not (used|written to) since .+Z: /);
      expect(story.infos[0]).to.match(/serves again after \d+ (ms|s)\.$/);
      if (fault.isFromTheStart === true) return;
      expect(story.changes.filter(({ to }) => to === 'degraded')).to.have.lengthOf(1);
      expect(story.changes.at(-1)?.to).to.equal('normal');
    });

    it('sends nothing to Redis for requests while it lasts', () => {
      expect(story.sentForRequests).to.deep.equal([]);
    });

    it('serves what is written during it, and not what is deleted', () => {
      expect(story.valuesDuring).to.deep.include({ rewritten: 'new', loaded: 'loaded' });
      for (const key of ['deleted', 'cleared:1', 'cleared:2']) {
        expect(story.valuesDuring[key], key).to.equal(undefined);
      }
    });

    it('ends by itself, and nothing waits for Redis afterwards', () => {
      expect(story.afterwards).to.include({ status: 'up', connected: true, mode: 'normal' });
      expect(story.afterwards.journal.entries).to.equal(0);
    });

    it('brings nothing back that was replaced or deleted during it', () => {
      for (const values of [story.valuesAfter, story.valuesOfOthers]) {
        expect(values.rewritten).to.be.oneOf([undefined, 'new']);
        for (const key of ['deleted', 'cleared:1', 'cleared:2']) {
          expect(values[key], key).to.equal(undefined);
        }
      }
    });

    it('leaves no rejection unhandled, and after close() no handle', () => {
      expect(story.unhandled).to.deep.equal([]);
      expect(story.handlesLeft).to.deep.equal([]);
    });
  });
}

function expectHonesty(fault: Fault, status: CacheStatus): void {
  expect(status.status).to.equal('degraded');
  expect(status.mode).to.equal('degraded');
  expect(status.connected).to.equal(fault.isReadable === true);
  expect(status.reason).to.be.oneOf([...fault.reasons]);
  expect(status.message).to.match(
    /is not (used since .+ in-memory fallback serves|written to since .+ Reads are served from Redis)/,
  );
  expect(status.lastError).to.be.a('string').that.is.not.empty;
  expect(status.lastErrorTime).to.match(/^\d{4}-\d\d-\d\dT.+Z$/);
}

type Values = Record<string, unknown>;

class Story {
  readonly #fault: Fault;
  readonly #prefix = `story:${++stories}:`;
  #stage!: Stage;
  #cache!: Cache;
  #stopListening!: () => void;
  traffic!: Traffic;
  readonly errors: string[] = [];
  readonly infos: string[] = [];
  readonly changes: ModeChange[] = [];
  during!: CacheStatus;
  afterwards!: CacheStatus;
  msDuring = 0;
  sentForRequests: (readonly string[])[] = [];
  valuesDuring: Values = {};
  valuesAfter: Values = {};
  valuesOfOthers: Values = {};
  unhandled: unknown[] = [];
  handlesLeft: string[] = [];

  constructor(fault: Fault) {
    this.#fault = fault;
  }

  async live(): Promise<void> {
    const { isFromTheStart = false, isUnderLoad = false } = this.#fault;
    this.#stage = await this.#fault.stage();
    const loose = unhandled();
    await this.#asAnother((another) => fill(another));
    if (isFromTheStart) await this.#stage.begin();
    const before = handles();
    this.#open();
    if (!isFromTheStart) {
      await this.#untilUp();
      for (const key of OLD) await this.#cache.get(key);
    }
    if (isUnderLoad) this.traffic.start();
    if (!isFromTheStart) await this.#stage.begin();
    // Without a call nobody would try to write, and to be refused is the only way to hear of it.
    if (this.#fault.isReadable === true) await this.#cache.set('rewritten', 'new');
    await this.#untilKnown();
    await this.#liveWithout();
    await this.#stage.end();
    await this.#untilUp();
    await until(() => this.#cache.status().journal.entries === 0, 'the journal is empty');
    await this.traffic.stop();
    await this.#lookBack();
    this.#stopListening();
    await this.#cache.close();
    await until(() => extra(before).length === 0, 'nothing is open', 3_000).catch(() => {});
    this.handlesLeft = extra(before);
    this.unhandled = loose.stop();
  }

  async end(): Promise<void> {
    await this.traffic?.stop();
    await this.#cache?.close();
    await this.#stage?.close();
  }

  #open(): void {
    const middleware = cacheMiddleware({
      redis: this.#stage.url,
      prefix: this.#prefix,
      commandTimeout: COMMAND_TIMEOUT_MS,
      memory: { max: 1_000 },
      logger: {
        info: (line) => {
          if (!isStartLine(line)) this.infos.push(line);
        },
        warn: () => {},
        error: (line) => this.errors.push(line),
      },
      ...this.#fault.options,
    });
    this.#cache = middleware.cache;
    this.traffic = new Traffic(middleware);
    const note = (change: ModeChange): number => this.changes.push(change);
    this.#stopListening = this.#cache.on('modechange', note);
  }

  async #untilUp(): Promise<void> {
    await until(() => this.#cache.status().status === 'up', 'Redis serves').catch(
      (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(this.#cache.status())}`);
      },
    );
  }

  async #untilKnown(): Promise<void> {
    const { title, reasons, isReadable } = this.#fault;
    const seen = new Set<string | undefined>();
    const isKnown = (): boolean => {
      const { status, reason, connected } = this.#cache.status();
      seen.add(reason);
      // A server that became a replica is read when its data was judged.
      if (isReadable === true && !connected) return false;
      return status === 'degraded' && reason !== undefined && reasons.includes(reason);
    };
    await until(isKnown, `${title} is known`).catch((error: Error) => {
      throw new Error(`${error.message}; seen: ${[...seen].join(', ')}`);
    });
  }

  /** Requests, reads, writes and deletes while the fault lasts. */
  async #liveWithout(): Promise<void> {
    const wiretap = new Wiretap();
    this.during = this.#cache.status();
    const startedAt = performance.now();
    for (let i = 0; i < REQUESTS_DURING; i++) await this.traffic.request(`during:${i % 5}`);
    this.msDuring = performance.now() - startedAt;
    await this.#cache.set('rewritten', 'new');
    await this.#cache.delete('deleted');
    await this.#cache.clear('cleared:*');
    await this.#cache.getOrSet('loaded', () => 'loaded');
    this.valuesDuring = await look(this.#cache, [...OLD, 'loaded']);
    wiretap.stop();
    this.sentForRequests = wiretap.commands
      .filter((command) => !isSupervision(command, this.#prefix))
      .filter(([name]) => this.#fault.isReadable !== true || !/^M?GET$/.test(name ?? ''));
  }

  async #lookBack(): Promise<void> {
    this.afterwards = this.#cache.status();
    this.valuesAfter = await look(this.#cache, OLD);
    await this.#asAnother(async (another) => {
      this.valuesOfOthers = await look(another, OLD);
    });
  }

  /** Another process, without a memory of its own. */
  async #asAnother(act: (another: Cache) => Promise<void>): Promise<void> {
    const { truthUrl: redis } = this.#stage;
    const another = createCache({ redis, prefix: this.#prefix, memory: false, logger: false });
    await until(() => another.status().status === 'up', 'the other process is connected');
    await act(another);
    await another.close();
  }
}

async function fill(cache: Cache): Promise<void> {
  for (const key of OLD) await cache.set(key, 'old');
}

async function look(cache: Cache, keys: readonly string[]): Promise<Values> {
  return Object.fromEntries(await cache.getMany(keys));
}

/** The handles that were not there before. */
function extra(before: readonly string[]): string[] {
  const left = [...handles()];
  for (const handle of before) {
    const at = left.indexOf(handle);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}
