import { expect } from 'chai';
import type { Failure } from '../../lib/redis/failure.js';
import type { Label } from '../../lib/redis/lineage.js';
import type { Commands, Door, DoorListener, DoorState } from '../../lib/redis/remote.js';

/** Notes in order what a door calls, with what the door shows then: `closed rw` has a reader and a writer. */
export class RecordingListener implements DoorListener {
  readonly log: string[] = [];
  readonly kinds: string[] = [];
  readonly failures: Failure[] = [];
  /** Whether each attempt came to its end with a connection. */
  readonly attempts: boolean[] = [];
  readonly labels: Label[] = [];
  /** With what each opening came. */
  readonly commands: Commands[] = [];
  /** The generation at each judgement, replay and opening. */
  readonly generations: string[] = [];
  readonly #changes: {
    readonly from: DoorState;
    readonly to: DoorState;
    readonly now: DoorState;
  }[] = [];
  verdict: 'intact' | 'amnesia' = 'intact';
  hasUnfenced = false;
  /** With work it tries again soon, and replays once more when the settling time ends. */
  hasWork = true;
  fences = 0;
  replays = 0;
  #replay: Promise<boolean> | undefined;

  /** The next replay ends when the returned function is called. */
  holdReplay(): (isReplayed: boolean) => void {
    let release = (_isReplayed: boolean): void => {};
    this.#replay = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }

  /** Each change began in the state in which the one before it ended, and the door was in its new state. */
  expectUnbroken(): void {
    let before: DoorState = { name: 'connecting' };
    for (const { from, to, now } of this.#changes) {
      expect(from).to.deep.equal(before);
      expect(now).to.equal(to);
      before = to;
    }
  }

  canSpare(): boolean {
    return false;
  }

  stateChanged(door: Door, to: DoorState, from: DoorState): void {
    this.#note(to.name, door);
    this.#changes.push({ from, to, now: door.state });
  }

  failed(failure: Failure, kind: string): void {
    this.log.push(`failed ${kind}`);
    this.kinds.push(kind);
    this.failures.push(failure);
  }

  attempted(isOk: boolean): void {
    this.attempts.push(isOk);
  }

  beginFence(): (label: Label) => void {
    this.fences++;
    return (label) => void this.labels.push(label);
  }

  bumped(door: Door): void {
    this.#note('bumped', door);
  }

  judge(door: Door): 'intact' | 'amnesia' {
    this.#note('judge', door);
    this.generations.push(door.generation);
    return this.verdict;
  }

  replay(door: Door): Promise<boolean> {
    this.#note('replay', door);
    this.generations.push(door.generation);
    this.replays++;
    const replay = this.#replay ?? Promise.resolve(true);
    this.#replay = undefined;
    return replay;
  }

  opened(door: Door, commands: Commands): void {
    this.#note('opened', door);
    this.commands.push(commands);
  }

  #note(what: string, { reader, writer }: Door): void {
    const shown = `${reader === undefined ? '-' : 'r'}${writer === undefined ? '-' : 'w'}`;
    this.log.push(`${what} ${shown}`);
  }
}
