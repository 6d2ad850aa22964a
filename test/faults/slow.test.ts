import { proxied } from './proxied.js';
import { describeFault } from './story.js';

const slow = proxied((proxy) => proxy.slow(150));

describe('faults: Redis answers, 50 ms after commandTimeout', () => {
  describeFault({ title: 'slow while idle', reasons: ['timeout'], stage: slow });
  describeFault({ title: 'slow under load', reasons: ['timeout'], stage: slow, isUnderLoad: true });
});
