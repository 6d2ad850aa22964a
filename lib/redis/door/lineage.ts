import { randomText } from '../../core/random.js';
import type { Lineage } from '../commands/replies.js';

/** What a connection found: the record under the prefix (if any), the process, and whether the prefix is empty. */
export interface Found {
  readonly record:
    | { readonly id: string; readonly count: number; readonly generation: string }
    | undefined;
  readonly runId: string;
  readonly isEmpty: boolean;
}

/**
 * - `continue`: the data remembered, or data that others have taken over since; nothing was lost.
 * - `create`: no record; begin a lineage. Where Redis is empty the generation may go on (there is nothing
 *   old to believe); where it is not, a new one makes what is there unreachable, and that is amnesia.
 * - `amnesia`: Redis came back without writes it had acknowledged: nothing in it may be believed.
 */
export type Judgement =
  | { readonly kind: 'continue' }
  | { readonly kind: 'create'; readonly generation: string; readonly isAmnesia: boolean }
  | { readonly kind: 'amnesia' };

export function judge(remembered: Lineage | undefined, found: Found): Judgement {
  const { record } = found;
  if (record === undefined) return judgeMissing(remembered, found);
  if (remembered === undefined) return { kind: 'continue' };
  if (record.id === remembered.id) {
    return record.count < remembered.count ? { kind: 'amnesia' } : { kind: 'continue' };
  }
  // Another lineage: a younger one began with a generation of its own; an older one is a restored dump.
  return record.id > remembered.id ? { kind: 'continue' } : { kind: 'amnesia' };
}

function judgeMissing(remembered: Lineage | undefined, found: Found): Judgement {
  if (remembered === undefined) {
    return { kind: 'create', generation: newGeneration(), isAmnesia: false };
  }
  const isSameProcess = found.runId !== '' && found.runId === remembered.runId;
  // Evicted or flushed under our eyes: the generation goes on, so that nothing else is lost.
  if (isSameProcess) return { kind: 'continue' };
  const generation = found.isEmpty ? remembered.generation : newGeneration();
  return { kind: 'create', generation, isAmnesia: !found.isEmpty };
}

const GENERATION_LENGTH = 6;

export function newGeneration(): string {
  return randomText(GENERATION_LENGTH);
}

export function newLineageId(serverMs: number): string {
  return `${Math.floor(serverMs).toString(36).padStart(9, '0')}-${randomText(8)}`;
}
