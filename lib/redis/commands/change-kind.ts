import type { WriteItem, WriteOutcome } from '../remote.js';
import type { BatchKind } from './batches/batch-sender.js';
import { hideText } from './batches/hidden-text.js';
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
    return item.text.length;
  }

  compose(items: readonly WriteItem[]): {
    readonly args: (string | Buffer)[];
    readonly echo: string;
  } {
    const echo = `${this.#count++}`;
    const args: (string | Buffer)[] = [echo, '', '', `${this.#times.tombstoneMs}`];
    let bytes = 0;
    let hidden: Buffer | undefined;
    let text: string | undefined;
    for (const item of items) {
      // The tombstones of a batch share one text.
      if (item.text !== text || hidden === undefined) {
        text = item.text;
        hidden = hideText(text);
      }
      bytes += hidden.length;
      args.push(`${item.limit}`, hidden, `${item.pxMs}`);
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
