import type { Failure } from '../../../lib/redis/failure.js';
import { type Evidence, type Label, survived } from '../../../lib/redis/lineage.js';
import type { Commands, Door, DoorListener, DoorState } from '../../../lib/redis/remote.js';

/** What the tiers do with a door, in small: one key's label, and a log of what was told. */
export class FakeListener implements DoorListener {
  readonly states: string[] = [];
  readonly failures: string[] = [];
  readonly errors: unknown[] = [];
  readonly evidence: Evidence[] = [];
  readonly labels: Label[] = [];
  readonly log: string[] = [];
  readonly attempts: boolean[] = [];
  /** The label of an acknowledged delete; count 0: not fenced. */
  label: Label | undefined;
  journal = 0;
  isReplayable = true;
  isAmnesiac = false;
  onReplay: (door: Door) => Promise<void> = async () => {};

  get hasUnfenced(): boolean {
    return this.label?.count === 0;
  }

  get hasWork(): boolean {
    return this.journal > 0 || this.label !== undefined;
  }

  /** A delete was acknowledged. */
  acknowledge(door: Door): void {
    this.label = { life: door.reign.life, reign: door.reign.id, count: 0 };
  }

  stateChanged(_door: Door, state: DoorState): void {
    this.states.push(state.name);
    this.log.push(state.name);
  }

  failed(failure: Failure, kind: string): void {
    this.failures.push(`${kind} ${failure.reason}`);
    this.errors.push(failure.error);
  }

  attempted(isOk: boolean): void {
    this.attempts.push(isOk);
  }

  beginFence(): (label: Label) => void {
    const begun = this.label;
    return (label) => {
      this.labels.push(label);
      if (begun !== undefined && begun === this.label && begun.count === 0) this.label = label;
    };
  }

  canSpare(): boolean {
    return false;
  }

  bumped(): void {
    this.log.push('bumped');
  }

  judge(door: Door, evidence: Evidence): 'intact' | 'amnesia' {
    this.evidence.push(evidence);
    this.log.push('judge');
    const { label } = this;
    if (label !== undefined && label.life === evidence.life) {
      const isNew = label.reign !== door.reign.id;
      if (isNew) this.label = { life: evidence.life, reign: door.reign.id, count: 0 };
    } else if (label !== undefined && !survived(label, evidence.life, evidence.chain)) {
      this.journal++;
      this.label = undefined;
    }
    return this.isAmnesiac ? 'amnesia' : 'intact';
  }

  async replay(door: Door): Promise<boolean> {
    this.log.push('replay');
    await this.onReplay(door);
    if (!this.isReplayable) return false;
    if (this.journal > 0) this.acknowledge(door);
    this.journal = 0;
    return true;
  }

  opened(_door: Door, _commands: Commands): void {
    this.log.push('opened');
  }
}
