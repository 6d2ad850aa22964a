// Loaded first by `npm run test:unit`: a test that starts a Redis fails there.
import { config } from 'chai';
import { leaveContexts } from './async-contexts.js';

process.env.UNIT_TESTS = '1';

// It would find misspelt assertions, at every property that is read. The compiler finds them.
config.useProxy = false;

export const mochaHooks = { afterEach: leaveContexts };
