import { expect } from 'chai';
import type { Examination } from '../../../../lib/health/checker/checker.js';
import { ietfWriter } from '../../../../lib/health/http/writers/ietf-writer.js';
import { jsonWriter } from '../../../../lib/health/http/writers/json-writer.js';
import { textWriter } from '../../../../lib/health/http/writers/text-writer.js';
import type { View, Writer } from '../../../../lib/health/http/writers/writer.js';

const seen: View = { isDetailed: true, isVerbose: false, unknownExcluded: [], history: undefined };
const hidden: View = { ...seen, isDetailed: false };

const broken: Examination = {
  status: 'error',
  findings: [
    { name: 'database', critical: true, result: { status: 'down', message: 'refused', code: 'E' } },
    { name: 'search', critical: false, result: { status: 'up', message: 'fine', shards: 5 } },
  ],
};
const crowd: Examination = {
  status: 'degraded',
  findings: Array.from({ length: 500 }, (_, i) => ({
    name: `check-${i}`,
    critical: false,
    result: { status: 'degraded', message: 'x'.repeat(100) },
  })),
};

const WRITERS: readonly Writer[] = [jsonWriter, ietfWriter, textWriter];

describe('the writer of JSON', () => {
  it('shows everything, the status first, and the history when it is there', () => {
    const body = jsonWriter.render(broken, { ...seen, history: [] });
    expect(body).to.match(/^\{"status":"error"/);
    expect(JSON.parse(body)).to.deep.equal({
      status: 'error',
      info: { search: { status: 'up', message: 'fine', shards: 5 } },
      error: { database: { status: 'down', message: 'refused', code: 'E' } },
      details: {
        database: { status: 'down', message: 'refused', code: 'E' },
        search: { status: 'up', message: 'fine', shards: 5 },
      },
      history: [],
    });
  });

  it('shows names and states for readiness', () => {
    expect(JSON.parse(jsonWriter.readiness(broken, seen))).to.deep.equal({
      status: 'error',
      checks: { database: 'down', search: 'up' },
    });
  });

  it('shows the status alone to whom nothing else may be shown', () => {
    for (const body of [jsonWriter.render(broken, hidden), jsonWriter.readiness(broken, hidden)]) {
      expect(body).to.equal('{"status":"error"}');
    }
  });

  it('says when it had to leave something out', () => {
    expect(JSON.parse(jsonWriter.render(crowd, seen)).trimmed).to.equal(true);
  });
});

describe('the writer of health+json', () => {
  it('uses the words of the draft, and an output for what is not up', () => {
    expect(JSON.parse(ietfWriter.render(broken, seen))).to.deep.equal({
      status: 'fail',
      checks: {
        database: [{ status: 'fail', output: 'refused', code: 'E' }],
        search: [{ status: 'pass', shards: 5 }],
      },
    });
    expect(ietfWriter.readiness(broken, hidden)).to.equal('{"status":"fail"}');
  });
});

describe('the writer of text', () => {
  it('lists the checks when it fails, or when asked to', () => {
    expect(textWriter.render(broken, seen)).to.equal(
      '[-]database failed: reason withheld\n[+]search ok\nhealth check failed\n',
    );
    const fine: Examination = { ...broken, status: 'ok', findings: broken.findings.slice(1) };
    expect(textWriter.render(fine, seen)).to.equal('ok\n');
    const verbose = { ...seen, isVerbose: true, unknownExcluded: ['x'] };
    expect(textWriter.readiness(fine, verbose)).to.equal(
      '[+]search ok\nwarn: some health checks cannot be excluded: no matches for "x"\nhealth check passed\n',
    );
  });

  it('lists nothing to whom nothing may be shown', () => {
    expect(textWriter.render(broken, { ...hidden, isVerbose: true })).to.equal(
      'health check failed\n',
    );
  });
});

describe('every writer', () => {
  for (const writer of WRITERS) {
    it(`keeps within 8 KiB: ${writer.contentType}`, () => {
      const verbose = { ...seen, isVerbose: true };
      for (const body of [writer.render(crowd, verbose), writer.readiness(crowd, verbose)]) {
        expect(Buffer.byteLength(body)).to.be.at.most(8_192);
      }
    });
  }

  it('has a word for good and for bad', () => {
    expect(WRITERS.map((writer) => [writer.word(true), writer.word(false)])).to.deep.equal([
      ['{"status":"ok"}', '{"status":"error"}'],
      ['{"status":"pass"}', '{"status":"fail"}'],
      ['ok\n', 'error\n'],
    ]);
  });
});
