import { Failure } from '../failure.js';
import type { Pipeline } from './flow/pipeline.js';
import type { ReplyGuard } from './flow/reply-guard.js';

/** Reads and writes texts of the cache's own that are no entries. */
export class KeptTexts {
  readonly #pipeline: Pipeline;
  readonly #guard: ReplyGuard;

  constructor(pipeline: Pipeline, guard: ReplyGuard) {
    this.#pipeline = pipeline;
    this.#guard = guard;
  }

  async read(key: string, maxBytes: number): Promise<string | Failure> {
    const reply = await this.#pipeline.direct(['GETRANGE', key, '0', `${maxBytes - 1}`]);
    if (typeof reply === 'string' || reply instanceof Failure) return reply;
    return this.#guard.desync('an odd reply to GETRANGE');
  }

  async write(key: string, text: string, lifeMs: number): Promise<Failure | undefined> {
    const reply = await this.#pipeline.direct(['SET', key, text, 'PX', `${lifeMs}`]);
    return reply instanceof Failure ? reply : undefined;
  }
}
