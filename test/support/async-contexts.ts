import { AsyncLocalStorage } from 'node:async_hooks';

type Storage = AsyncLocalStorage<unknown>;

/** Storages that were used and not switched off. */
const inUse = new Set<Storage>();

const { run, enterWith, disable } = AsyncLocalStorage.prototype;

AsyncLocalStorage.prototype.run = function (this: Storage, ...args: Parameters<typeof run>) {
  inUse.add(this);
  return run.apply(this, args);
} as typeof run;

AsyncLocalStorage.prototype.enterWith = function (this: Storage, store: unknown) {
  inUse.add(this);
  enterWith.call(this, store);
};

AsyncLocalStorage.prototype.disable = function (this: Storage) {
  inUse.delete(this);
  disable.call(this);
};

/**
 * Switches off every storage that is still in use. Until then Node 20 tracks each promise of the process, also those
 * of other test files: that doubles what they take.
 */
export function leaveContexts(): void {
  for (const storage of inUse) storage.disable();
}
