import { storeConformance } from '../tiers/store-conformance.js';
import { FakeStore } from './fake-store.js';
import { ManualClock } from './manual-clock.js';

storeConformance({
  name: 'the fake store',
  hasRedis: true,
  make: () => {
    const clock = new ManualClock();
    const advance = (ms: number): Promise<void> => clock.advance(ms);
    return { store: new FakeStore(clock), advance, stop: () => {} };
  },
});
