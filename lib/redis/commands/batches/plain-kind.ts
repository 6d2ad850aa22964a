import type { Script } from '../scripts.js';
import type { BatchKind } from './batch-sender.js';
import type { Echoes } from './echoes.js';

/** A script whose items have no values to send. */
export interface PlainScript<I, A> {
  readonly script: Script;
  /** The arguments that stand once, before those of the items. */
  readonly shared: readonly string[];
  /** The arguments of one item. */
  argsOf(item: I): readonly string[];
  /** As `BatchKind.parse`. */
  parse(reply: unknown, count: number, echo: string): readonly A[] | undefined;
}

/** Calls such a script for many items at once. */
export class PlainKind<I extends { readonly key: string }, A> implements BatchKind<I, A> {
  readonly script: Script;
  readonly #echoes: Echoes;
  readonly #own: PlainScript<I, A>;

  constructor(echoes: Echoes, own: PlainScript<I, A>) {
    this.script = own.script;
    this.#echoes = echoes;
    this.#own = own;
  }

  keyOf(item: I): string {
    return item.key;
  }

  bytesOf(): number {
    return 0;
  }

  compose(items: readonly I[]): { readonly args: readonly string[]; readonly echo: string } {
    const echo = this.#echoes.next();
    const args = [echo, ...this.#own.shared];
    for (const item of items) args.push(...this.#own.argsOf(item));
    return { args, echo };
  }

  parse(reply: unknown, items: readonly I[], echo: string): readonly A[] | undefined {
    return this.#own.parse(reply, items.length, echo);
  }
}
