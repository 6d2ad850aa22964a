import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import type { MetricsSnapshot } from '../../lib/api/metrics.js';
import { emfLine } from '../../lib/emf.js';
import { tableRows } from '../docs/markdown.js';
import { closeCaches, newCache, withSnapshot } from './caches.js';

const UNITS = ['Seconds', 'Milliseconds', 'Bytes', 'Percent', 'Count', 'Count/Second', 'None'];

const text = (maxLength: number) => ({ type: 'string', minLength: 1, maxLength });

/** The bounds that AWS publishes for the format, the narrower ones where its pages differ. */
const SCHEMA = {
  type: 'object',
  required: ['_aws'],
  properties: {
    _aws: {
      type: 'object',
      required: ['Timestamp', 'CloudWatchMetrics'],
      properties: {
        Timestamp: { type: 'integer', minimum: 1 },
        CloudWatchMetrics: {
          type: 'array',
          minItems: 1,
          items: {
            type: 'object',
            required: ['Namespace', 'Dimensions', 'Metrics'],
            properties: {
              Namespace: text(255),
              Dimensions: {
                type: 'array',
                minItems: 1,
                items: { type: 'array', minItems: 1, maxItems: 9, items: text(250) },
              },
              Metrics: {
                type: 'array',
                minItems: 1,
                maxItems: 100,
                items: {
                  type: 'object',
                  required: ['Name'],
                  properties: { Name: text(1_024), Unit: { enum: UNITS } },
                },
              },
            },
          },
        },
      },
    },
  },
};

const isEmf = new Ajv().compile(SCHEMA);

/** What is wrong with a line. The schema does not say that a metric must be a number and a dimension a text. */
function faultsOf(line: string): string[] {
  const root = JSON.parse(line);
  const isValid: boolean = isEmf(root);
  if (!isValid) return (isEmf.errors ?? []).map(({ message }) => `${message}`);
  const directives: { Dimensions: string[][]; Metrics: { Name: string }[] }[] =
    root._aws.CloudWatchMetrics;
  return directives.flatMap(({ Dimensions, Metrics }) => [
    ...Metrics.filter(({ Name }) => !Number.isFinite(root[Name])).map(
      ({ Name }) => `${Name} is no number`,
    ),
    ...Dimensions.flat()
      .filter((name) => typeof root[name] !== 'string')
      .map((name) => `${name} is no text`),
  ]);
}

function named(line: string): string[] {
  return JSON.parse(line)._aws.CloudWatchMetrics[0].Metrics.map(
    ({ Name }: { Name: string }) => Name,
  );
}

describe('emfLine', () => {
  afterEach(closeCaches);

  it('is one line that CloudWatch accepts, from the first', async () => {
    const cache = newCache();
    const first = emfLine(cache, { service: 'pos-api' });
    await cache.set('a', 1);
    await cache.get('a');
    const second = emfLine(cache, { service: 'pos-api' });
    for (const line of [first, second]) {
      expect(line).to.not.include('\n');
      expect(faultsOf(line)).to.deep.equal([]);
    }
    expect(named(first)).to.not.include('HitRate');
    expect(named(second)).to.include('HitRate');
  });

  it('counts since the line before, for each service', async () => {
    const cache = newCache();
    const line = (service: string) => JSON.parse(emfLine(cache, { service }));
    await cache.set('a', 1);
    await cache.get('a');
    await cache.get('b');
    expect(line('one')).to.include({ Lookups: 2, HitRate: 50, Service: 'one', Cache: 'cache' });
    await cache.get('a');
    expect(line('one')).to.include({ Lookups: 1, HitRate: 100 });
    expect(line('one')).to.include({ Lookups: 0 });
    expect(line('two')).to.include({ Lookups: 3, HitRate: 66.7 });
  });

  for (const [status, [up, down]] of Object.entries({
    up: [1, 0],
    degraded: [0, 0],
    down: [0, 1],
  })) {
    it(`says ${status} as numbers`, () => {
      const cache = withSnapshot({
        status: status as MetricsSnapshot['status'],
        reason: 'timeout',
      });
      const line = emfLine(cache, { service: 's', namespace: 'Shop/Cache' });
      expect(faultsOf(line)).to.deep.equal([]);
      expect(JSON.parse(line)).to.include({ CacheStatus: up, CacheDown: down, reason: 'timeout' });
      expect(line).to.include('"Namespace":"Shop/Cache"');
    });
  }

  it('would be found faulty with a text for a number', () => {
    const line = emfLine(newCache(), { service: 's' }).replace(
      '"CacheStatus":1',
      '"CacheStatus":"up"',
    );
    expect(faultsOf(line)).to.deep.equal(['CacheStatus is no number']);
  });

  for (const service of [undefined, '', 7, ' a', ':a', 'x'.repeat(256), 'käse', 'a\nb']) {
    it(`refuses the service ${JSON.stringify(service)?.slice(0, 20)}`, () => {
      expect(() => emfLine(newCache(), { service } as never))
        .to.throw(/^service must be 1 to 255 printable ASCII/)
        .with.property('code', 'ERR_CACHE_OPTION');
    });
  }

  it('refuses what is no cache', () => {
    expect(() => emfLine({} as never, { service: 's' })).to.throw(
      /^cache must be what createCache/,
    );
  });

  it('has every metric in docs/monitoring.md, and no others', async () => {
    const cache = newCache();
    await cache.get('a');
    const rows = tableRows(readFileSync('docs/monitoring.md', 'utf8'), 'metric in CloudWatch');
    expect(rows.map(([name]) => name?.replaceAll('`', ''))).to.deep.equal(
      named(emfLine(cache, { service: 's' })),
    );
  });
});
