import type { WriteItem, WriteOutcome } from '../remote.js';
import type { BatchKind } from './batches/batch-sender.js';
import { hideTexts } from './batches/hidden-texts.js';
import type { SendingTimes } from './batches/sending-times.js';
import { afterEcho, parsePositions } from './replies.js';
import { type Script, WRITE } from './scripts.js';

/** Sets and deletes: a delete is a tombstone. */
export class ChangeKind implements BatchKind<WriteItem, WriteOutcome> {
  readonly script: Script = WRITE;
  readonly #times: SendingTimes;
  #count = 0;

  constructor(times: SendingTimes) {
    this.#times = times;
  }

  keyOf(item: WriteItem): string {
    return item.key;
  }

  bytesOf(item: WriteItem): number {
    return Buffer.byteLength(item.text);
  }

  compose(
    items: readonly WriteItem[],
    bytes: number,
  ): {
    readonly args: (string | Buffer)[];
    readonly echo: string;
  } {
    const echo = `${this.#count++}`;
    const { tombstoneMs, aheadMicros } = this.#times;
    const args: (string | Buffer)[] = [echo, '', '', `${tombstoneMs}`, `${aheadMicros}`];
    const { texts, lengths } = hideTexts(items, bytes);
    args.push(texts);
    let last: WriteItem | undefined;
    let [limit, life] = ['', ''];
    items.forEach((item, i) => {
      // The changes of one moment share their limit, and most changes their life.
      if (item.limit !== last?.limit) limit = `${item.limit}`;
      if (item.pxMs !== last?.pxMs) life = `${item.pxMs}`;
      last = item;
      args.push(limit, lengths[i] as string, life);
    });
    [args[1], args[2]] = this.#times.bounds(texts.length);
    return { args, echo };
  }

  parse(
    reply: unknown,
    items: readonly WriteItem[],
    echo: string,
  ): readonly WriteOutcome[] | undefined {
    const rest = afterEcho(reply, echo);
    if (rest === undefined) return undefined;
    if (rest.startsWith('late|')) return new Array<WriteOutcome>(items.length).fill('late');
    return parsePositions<WriteOutcome>(rest, items.length, ['done', 'older']);
  }
}
