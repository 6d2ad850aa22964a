/**
 * A change of the code that takes one guarantee away. It stands in `<name>.mutations.ts` beside the `<name>.test.ts`
 * (or `<name>.real.test.ts`) that must notice it; `npm run test:mutations` makes the change and runs that test.
 */
export interface Mutation {
  /** Which guarantee is gone. */
  readonly title: string;
  /** The compiled file below `lib/`, such as `tiers/read.js`. */
  readonly file: string;
  /** Literal text of that file, there exactly once. White space stands for any white space. */
  readonly find: string;
  /** What stands there instead. */
  readonly replace: string;
  /** A part of the titles of the tests that can notice it, to spare the others. By default all of the file's. */
  readonly test?: string;
}
