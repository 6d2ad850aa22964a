import type { DoorListener } from '../remote.js';

/** Listens to a door that was not started. */
export const NO_LISTENER: DoorListener = {
  canSpare: () => false,
  stateChanged() {},
  failed() {},
  attempted() {},
  beginFence: () => () => {},
  hasUnfenced: false,
  hasWork: false,
  bumped() {},
  judge: () => 'intact',
  replay: async () => true,
  opened() {},
};
