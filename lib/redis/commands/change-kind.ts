import type { WriteItem, WriteOutcome } from '../remote.js';
import type { BatchKind } from './batches/batch-sender.js';
import { hideText } from './batches/hidden-text.js';
import type { SendingTimes } from './batches/sending-times.js';
import { afterEcho, parsePositions } from './replies.js';
import { type Script, WRITE } from './scripts.js';

const EMPTY = Buffer.alloc(0);

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
    return item.text.length;
  }

  compose(items: readonly WriteItem[]): {
    readonly args: (string | Buffer)[];
    readonly echo: string;
  } {
    const echo = `${this.#count++}`;
    const { tombstoneMs, aheadMicros } = this.#times;
    const args: (string | Buffer)[] = [echo, '', '', `${tombstoneMs}`, `${aheadMicros}`];
    let bytes = 0;
    let last: WriteItem | undefined;
    let hidden: Buffer = EMPTY;
    let [limit, life] = ['', ''];
    for (const item of items) {
      // The changes of one moment share their limit, and the deletes of one moment also their text.
      if (item.text !== last?.text) hidden = hideText(item.text);
      if (item.limit !== last?.limit) limit = `${item.limit}`;
      if (item.pxMs !== last?.pxMs) life = `${item.pxMs}`;
      last = item;
      bytes += hidden.length;
      args.push(limit, hidden, life);
    }
    [args[1], args[2]] = this.#times.bounds(bytes);
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
