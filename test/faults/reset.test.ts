import { proxied } from './proxied.js';
import { describeFault } from './story.js';

describe('faults: the network resets and refuses connections', () => {
  const refusing = proxied((proxy) => proxy.refuse());
  const reasons = ['connection_lost', 'connection_refused'] as const;
  describeFault({ title: 'cut while idle', reasons, stage: refusing });
  describeFault({ title: 'cut under load', reasons, stage: refusing, isUnderLoad: true });
});
