import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as channels from '../../lib/core/diagnostics/channels.js';
import { LOG_ACTIONS } from '../../lib/core/diagnostics/log-fields.js';
import { cacheFamilies } from '../../lib/exporters/families/cache-families.js';
import type { Family } from '../../lib/exporters/families/family.js';
import { healthFamilies } from '../../lib/exporters/families/health-families.js';
import { healthRouter } from '../../lib/health.js';
import { varnish } from '../../lib/http-cache.js';
import { createTestCache } from '../../lib/testing.js';
import { tableRows } from './markdown.js';
import { everythingSeen, type Seen } from './observed.js';

const PAGE = readFileSync('docs/monitoring.md', 'utf8');

/** The words in code of a cell. */
function words(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

/** The words of a message such as `{ cache, key }`. */
function messageFields(cell = ''): string[] {
  return (/\{ (.+?) \}/.exec(cell)?.[1] ?? '').split(', ');
}

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();

describe('docs/monitoring.md and what a cache really shows', () => {
  let seen: Seen;
  before(async () => {
    seen = await everythingSeen();
  });

  it('have the same events, with the same fields', () => {
    const rows = tableRows(PAGE, 'event').map(([name, fields]) => [words(name)[0], words(fields)]);
    const documented = Object.fromEntries(
      rows.map(([name, fields]) => [name, sorted(fields as string[])]),
    );
    expect(documented).to.deep.equal(fieldsOf(seen.events));
  });

  it('have the same channels, with the same fields in their messages', () => {
    const documented = Object.fromEntries(
      tableRows(PAGE, 'channel').map(([name, message]) => [
        words(name)[0]?.replace(/^tracing:(.+):start$/, '$1'),
        sorted(messageFields(message)),
      ]),
    );
    expect(documented).to.deep.equal(fieldsOf(seen.messages));
    const inCode = Object.values(channels).flatMap((each) => {
      if (typeof each === 'function') return [];
      return 'start' in each ? [each.start] : [each];
    });
    expect(sorted(tableRows(PAGE, 'channel').map(([name]) => words(name)[0] ?? ''))).to.deep.equal(
      sorted(inCode.map(({ name }) => String(name))),
    );
  });

  it('have the same spans, each with the same attributes', () => {
    const everywhere = [
      'express_cache.name',
      'express_cache.batch_size',
      'cache.key',
      'error.type',
    ];
    const documented = Object.fromEntries(
      tableRows(PAGE, 'span').flatMap(([names, , attributes]) => {
        const own = words(attributes).filter((word) => word.includes('.'));
        return words(names).map((name) => [name, sorted(own)]);
      }),
    );
    const shown = Object.fromEntries(
      [...seen.spans].map(([name, fields]) => [
        name,
        sorted([...fields.keys()].filter((field) => !everywhere.includes(field))),
      ]),
    );
    expect(documented).to.deep.equal(shown);
    const attributes = tableRows(PAGE, 'span attribute').map(([name]) => words(name)[0] ?? '');
    const all = [...seen.spans.values()].flatMap((fields) => [...fields.keys()]);
    expect(sorted(attributes)).to.deep.equal(sorted(all));
  });

  it('have the same outcomes of spans', () => {
    const loads = tableRows(PAGE, 'metric').find(([name]) => name?.includes('cache_loads_total'));
    const [, ...results] = words(loads?.[2]);
    for (const [names, , attributes] of tableRows(PAGE, 'span')) {
      const named = words(attributes).filter((word) => !word.includes('.') && word !== 'result');
      const possible = named.filter((word) => !word.includes('_'));
      for (const name of words(names)) {
        const real = [...(seen.spans.get(name)?.get('express_cache.outcome') ?? [])];
        expect(possible.length === 0 ? results : possible, name).to.include.members(real);
      }
    }
  });

  it('have the same actions in the log, at the same levels and with the same outcomes', () => {
    const documented = tableRows(PAGE, '`event.action`').map(([action, level, outcome]) => [
      words(action)[0],
      level,
      words(outcome)[0],
    ]);
    expect(documented.map(([action]) => action)).to.deep.equal([...LOG_ACTIONS]);
    const real = seen.lines.map(({ level, fields }) =>
      [fields['event.action'], level, fields['event.outcome']].join(' '),
    );
    expect(sorted(documented.map((row) => row.join(' ')))).to.deep.equal(sorted(real));
  });

  it('have the same fields in the log, in the same lines', () => {
    const actions: readonly string[] = LOG_ACTIONS;
    for (const [name, where = ''] of tableRows(PAGE, 'log field')) {
      const field = words(name)[0] ?? '';
      const real = seen.lines
        .filter(({ fields }) => field in fields)
        .map(({ fields }) => fields['event.action']);
      expect(real, field).to.not.deep.equal([]);
      if (field === 'labels.repeated') continue;
      expect(sorted(real), field).to.deep.equal(
        where === 'all' ? sorted(actions) : sorted(words(where)),
      );
    }
    const documented = tableRows(PAGE, 'log field').map(([name]) => words(name)[0] ?? '');
    expect(sorted(seen.lines.flatMap(({ fields }) => Object.keys(fields)))).to.deep.equal(
      sorted(documented),
    );
  });

  it('know every place that writes to the log', () => {
    const writers = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter(
      (name) =>
        name.endsWith('.ts') &&
        /logger(?:\.(?:info|warn|error)\(|\[)/.test(readFileSync(join('lib', name), 'utf8')),
    );
    expect(writers.sort()).to.deep.equal([
      'cache/status/cache-log.ts',
      'cache/status/log-lines.ts',
      'core/logger.ts',
    ]);
  });

  it('have the same labels, with the same values', async () => {
    const health = await healthRouter({ database: () => true }).metrics();
    const cache = createTestCache({
      warm: true,
      freshness: { observe: ['product:'] },
      edge: varnish({ url: 'http://127.0.0.1:6081' }),
    });
    await cache.getOrSet('product:7', () => 7);
    const snapshot = cache.metrics();
    const freshness = (snapshot.freshness ?? []).map((group) => {
      return { ...group, staleRatio: { value: 0.01, low: 0, high: 0.02 } };
    });
    const families = [...cacheFamilies({ ...snapshot, freshness }), ...healthFamilies(health)];
    await cache.close();
    const reasons = tableRows(readFileSync('docs/degradation.md', 'utf8'), 'reason');
    const codes = reasons.map(([reason]) => words(reason)[0] ?? '');
    for (const [name, , cell = ''] of tableRows(PAGE, 'metric')) {
      const family = families.find((each) => each.name === words(name)[0]);
      if (family === undefined) continue;
      const documented = cell
        .split(';')
        .filter((part) => part.trim() !== '')
        .map((part) => words(part));
      const real = labelValues(family);
      expect(sorted(documented.map(([label = '']) => label)), name).to.deep.equal(
        sorted([...real.keys()]),
      );
      for (const [label = '', ...values] of documented) {
        const expected = label === 'reason' && values.length === 0 ? codes : values;
        if (expected.length === 0) continue;
        expect(sorted(real.get(label) ?? []), `${name} ${label}`).to.deep.equal(sorted(expected));
      }
    }
  });
});

function fieldsOf(seen: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string[]> {
  return Object.fromEntries([...seen].map(([name, fields]) => [name, sorted(fields)]));
}

function labelValues(family: Family): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const samples = family.type === 'histogram' ? family.histograms : family.samples;
  for (const { labels } of samples) {
    for (const [label, value] of Object.entries(labels)) {
      if (label === 'cache') continue;
      found.set(label, (found.get(label) ?? new Set()).add(value));
    }
  }
  return found;
}
