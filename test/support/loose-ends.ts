import { expect } from 'chai';
import { unhandled } from './wait.js';

/*
 * Mocha lets a test pass whose promises are rejected without anybody to hear of it. Here everybody's are
 * heard, from the moment in which the process begins until the last of its tests has ended.
 */
const loose = unhandled();

export const mochaHooks = {
  afterAll(): void {
    expect(loose.found, 'rejections that no test handled').to.deep.equal([]);
  },
};
