import { Failure } from '../../failure.js';
import type { Outgoing, Pipeline } from '../flow/pipeline.js';
import type { ReplyGuard } from '../flow/reply-guard.js';
import type { Script } from '../scripts.js';
import type { SlotOf } from '../slots/group-by-slot.js';

/** One call of a script. */
export interface ScriptCall {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
  /** The approximate bytes of the call and its reply. */
  readonly bytes: number;
  readonly lane: Outgoing['lane'];
  readonly isPart?: boolean;
}

type Name = readonly ['EVALSHA' | 'EVAL', string];

/** Runs scripts by their digest. Sends the text of a script only if Redis does not know it. */
export class ScriptRunner {
  readonly pipeline: Pipeline;
  readonly guard: ReplyGuard;
  /** Present in a cluster: keys of several slots may not share a command. */
  readonly slotOf: SlotOf | undefined;

  constructor(pipeline: Pipeline, guard: ReplyGuard, slotOf?: SlotOf) {
    this.pipeline = pipeline;
    this.guard = guard;
    this.slotOf = slotOf;
  }

  /** `onReply` gets the reply or a `Failure`. */
  run(call: ScriptCall, onReply: (reply: unknown) => void): void {
    const { script } = call;
    this.#send(['EVALSHA', script.sha], call, (reply) => {
      const isUnknown = reply instanceof Failure && reply.isAbout('NOSCRIPT');
      if (!isUnknown) onReply(this.#checked(reply));
      else this.#send(['EVAL', script.source], call, (again) => onReply(this.#checked(again)));
    });
  }

  #send([name, what]: Name, call: ScriptCall, onReply: (reply: unknown) => void): void {
    const { keys, bytes, lane, isPart } = call;
    const args = [name, what, `${keys.length}`, ...keys, ...call.args];
    const { largest } = this.pipeline.sizes;
    this.pipeline.send({ args, lane, keys: keys.length, bytes, largest, isPart }, onReply);
  }

  #checked(reply: unknown): unknown {
    return reply instanceof Failure ? this.guard.orDenied(reply) : reply;
  }
}
