// Loaded first by `npm run test:unit`: a test that starts a Redis fails there.
process.env.UNIT_TESTS = '1';
