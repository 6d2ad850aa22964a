import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { inSources } from './source-positions.js';

const SOURCE = join(__dirname, '../../../test/support/source-positions.test.ts');

/** The line of a file with this text, counted from 1. */
function lineOf(text: string, file: string): number {
  return (
    readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

const mark = 'the only line with this mark';

describe('support: the places in a stack', () => {
  const place = `${__filename}:${lineOf(`mark = '${mark}'`, __filename)}:7`;

  for (const compiled of [place, `file://${place}`]) {
    it(`are those in the sources: ${compiled.slice(0, 5)}`, () => {
      const stack = `Error: no\n    at here (${compiled})\n    at ${compiled}`;
      const line = lineOf(`mark = '${mark}'`, SOURCE);
      expect(inSources(stack).replaceAll(SOURCE, 'it')).to.match(
        new RegExp(`^Error: no\n    at here \\(it:${line}:\\d+\\)\n    at it:${line}:\\d+$`),
      );
    });
  }

  it('stay as they are where nothing was compiled', () => {
    const stack =
      'Error: no /such/file.js:1:2\n    at node:internal/timers:1:2\n    at /a/b.ts:3:4';
    expect(inSources(stack)).to.equal(stack);
  });
});
