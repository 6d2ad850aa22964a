import { expect } from 'chai';
import { unhandled } from './wait.js';

/*
 * Mocha lets a test pass whose promises are rejected without anybody to hear of it. Here everybody's are
 * heard, from the moment in which the tests are loaded until the last has ended.
 */
const loose = unhandled();

after('no rejection was left unhandled by any test', () => {
  expect(loose.stop()).to.deep.equal([]);
});
