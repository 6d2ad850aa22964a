import { randomText } from '../../core/random.js';
import { TAG_VERSION_LENGTH, type TagRecord } from '../../entry/entry-tags.js';
import type { TagReply } from '../remote.js';
import type { BatchKind } from './batches/batch-sender.js';
import type { Echoes } from './batches/echoes.js';
import { JoinedBatches } from './batches/joined-batches.js';
import type { ScriptRunner } from './batches/script-runner.js';
import type { HeadOf } from './claims.js';
import { MADE, REMADE } from './lua/tags.js';
import { parseNumber } from './replies.js';
import { TAG } from './scripts.js';

/** The record of a tag, to be read, or made if it is missing. */
export interface TagRequest {
  readonly key: string;
  /** How long it must live from now on, at least. */
  readonly lifeMs: number;
}

/** Reads the records of tags, and makes those that are missing. */
export class TagRecords {
  readonly #batches: JoinedBatches<TagRequest, TagRecord>;

  constructor(runner: ScriptRunner, echoes: Echoes, headOf: HeadOf) {
    this.#batches = new JoinedBatches(runner, new TagKind(echoes, headOf));
  }

  ensure(requests: readonly TagRequest[]): Promise<readonly TagReply[]> {
    return this.#batches.run(requests, 'request');
  }
}

class TagKind implements BatchKind<TagRequest, TagRecord> {
  readonly script = TAG;
  readonly #echoes: Echoes;
  readonly #headOf: HeadOf;

  constructor(echoes: Echoes, headOf: HeadOf) {
    this.#echoes = echoes;
    this.#headOf = headOf;
  }

  keyOf({ key }: TagRequest): string {
    return key;
  }

  bytesOf(): number {
    return 0;
  }

  /** All records of a batch live as long as the longest of them is to. */
  compose(requests: readonly TagRequest[]): {
    readonly args: readonly string[];
    readonly echo: string;
  } {
    const echo = this.#echoes.next();
    const lifeMs = Math.max(...requests.map((request) => request.lifeMs));
    const args = [echo, `${Math.ceil(lifeMs)}`];
    for (const { key } of requests) args.push(this.#headOf(key), randomText(TAG_VERSION_LENGTH));
    return { args, echo };
  }

  parse(
    reply: unknown,
    requests: readonly TagRequest[],
    echo: string,
  ): readonly TagRecord[] | undefined {
    if (!Array.isArray(reply) || reply.length !== requests.length + 1) return undefined;
    if (reply[0] !== echo) return undefined;
    const records: TagRecord[] = [];
    for (const text of reply.slice(1)) {
      const record = parseRecord(text);
      if (record === undefined) return undefined;
      records.push(record);
    }
    return records;
  }
}

const MICROS_AT = 1 + TAG_VERSION_LENGTH;
const LEFT_AT: number = MICROS_AT + 16;

function parseRecord(text: unknown): TagRecord | undefined {
  if (typeof text !== 'string') return undefined;
  const letter = text.charAt(0);
  const madeAt = parseNumber(text.slice(MICROS_AT, LEFT_AT));
  const leftMs = parseNumber(text.slice(LEFT_AT));
  if ((letter !== MADE && letter !== REMADE) || madeAt === undefined || leftMs === undefined)
    return undefined;
  return { version: text.slice(1, MICROS_AT), madeAt, leftMs, wasRemoved: letter === REMADE };
}
