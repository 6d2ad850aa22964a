import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { emfLine } from '../../lib/emf.js';
import { FAMILIES } from '../../lib/exporters/families/all-families.js';
import { CACHE_METRICS } from '../../lib/exporters/families/cache-families.js';
import { instrumentsOf } from '../../lib/exporters/opentelemetry/instruments.js';
import { createCache } from '../../lib/index.js';
import { buildDashboard } from './dashboard.js';
import { promtool } from './programs.js';

const file = (name: string): string => readFileSync(join('monitoring', name), 'utf8');

/** Every metric of ours in a text, without what Prometheus adds to histograms. */
function metricsIn(text: string): string[] {
  const names = text.match(/\bexpress_(?:cache|health)_\w+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))];
}

const KNOWN = new Set(FAMILIES.map(({ name }) => name));

describe('monitoring/', () => {
  it('has rules that promtool accepts, and whose tests pass', async () => {
    const rules = await promtool(['check', 'rules', 'monitoring/alerts.yml']);
    expect(rules.said).to.match(/SUCCESS: 19 rules found/);
    const tests = await promtool(['test', 'rules', 'monitoring/alerts.test.yml']);
    expect(tests.said).to.match(/SUCCESS/);
    expect(file('alerts.test.yml').match(/^ {2}- name: /gm)?.length).to.be.at.least(12);
  }).timeout(120_000);

  it('has tests that notice the mutations of a rule', () => {
    const script = 'scripts/mutate-rules.mjs';
    const { stdout, stderr } = spawnSync(process.execPath, [script, 'CacheServingStale'], {
      encoding: 'utf8',
    });
    expect(stderr).to.equal('');
    const [, noticed, all] = /(\d+) of (\d+) mutations/.exec(stdout) ?? [];
    expect(Number(all)).to.be.above(10);
    expect(noticed).to.equal(all);
  }).timeout(120_000);

  it('names only metrics that there are', () => {
    const texts = readdirSync('monitoring', { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ya?ml|json|sh)$/.test(name))
      .map((name) => [name, file(name)] as const);
    const strange = texts.flatMap(([name, text]) =>
      metricsIn(text)
        // Datadog's agent takes `_total` away, and recordings begin with `cache:`.
        .filter((metric) => !KNOWN.has(metric) && !KNOWN.has(`${metric}_total`))
        .map((metric) => `${name}: ${metric}`),
    );
    expect(strange.filter((each) => !/_hit_ratio$|_lookups$/.test(each))).to.deep.equal([]);
  });

  it('has a heading in docs/monitoring.md for every alert, which the alert names', () => {
    const docs = readFileSync('docs/monitoring.md', 'utf8');
    const alerts = [...file('alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => `${name}`);
    expect(alerts).to.have.length(15);
    for (const name of alerts) {
      expect(docs).to.include(`\n### ${name}\n`);
      expect(file('alerts.yml')).to.include(
        `runbook_url: docs/monitoring.md#${name.toLowerCase()}\n`,
      );
    }
    expect(docs.match(/^### Cache\w+|^### Health\w+/gm)).to.have.length(alerts.length);
  });

  it('has the Alertmanager example that amtool accepts', () => {
    const { stdout, status } = spawnSync(
      'amtool',
      ['check-config', 'monitoring/alertmanager.yml'],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout).to.match(/SUCCESS/);
    expect(status).to.equal(0);
  });

  describe('the dashboard of Grafana', () => {
    const json = JSON.parse(file('grafana-dashboard.json'));
    const panels: {
      type: string;
      id?: number;
      title: string;
      description?: string;
      datasource: unknown;
      targets?: { expr: string }[];
      fieldConfig?: { defaults: { unit?: string } };
    }[] = json.panels;
    const charts = panels.filter(({ type }) => type !== 'row');

    it('is what its builder makes', () => {
      expect(json).to.deep.equal(JSON.parse(JSON.stringify(buildDashboard())));
    });

    it('has a description, a unit and no fixed data source on every panel', () => {
      expect(charts.length).to.be.above(8);
      for (const { title, description, fieldConfig, datasource } of charts) {
        expect(description, title).to.be.a('string').and.not.equal('');
        expect(fieldConfig?.defaults.unit, title).to.be.a('string');
        expect(datasource, title).to.deep.equal({ type: 'prometheus', uid: '$source' });
      }
      const ids = panels.map(({ id }) => id).filter((id) => id !== undefined && id > 0);
      expect(new Set(ids).size).to.equal(ids.length);
    });

    it('has expressions that promtool accepts', async () => {
      const exprs = charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
      const rules = exprs.map((expr, i) => {
        const plain = expr
          .replaceAll('$__rate_interval', '5m')
          .replaceAll(/\$(?:job|cache)/g, '.*');
        return `      - record: panel:${i}\n        expr: '${plain.replaceAll("'", "''")}'\n`;
      });
      const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
      writeFileSync(
        join(folder, 'rules.yml'),
        `groups:\n  - name: dashboard\n    rules:\n${rules.join('')}`,
      );
      const { isContent, said } = await promtool(['check', 'rules', join(folder, 'rules.yml')]);
      rmSync(folder, { recursive: true });
      expect(said).to.include(`SUCCESS: ${exprs.length} rules found`);
      expect(isContent).to.equal(true);
    });
  });

  it('has CloudWatch alarms on metrics and dimensions that a line has', async () => {
    const cache = createCache({ redis: false, logger: false });
    await cache.get('a');
    const [directive] = JSON.parse(emfLine(cache, { service: 's' }))._aws.CloudWatchMetrics;
    await cache.close();
    const alarms = file('cloudwatch/alarms.sh');
    const names = directive.Metrics.map(({ Name }: { Name: string }) => Name);
    for (const [, name] of alarms.matchAll(/--metric-name (\w+)/g)) expect(names).to.include(name);
    expect(directive.Dimensions).to.deep.include(['Service']);
    expect(alarms.match(/--dimensions "Name=Service,/g)).to.have.length(3);
    expect(alarms.match(/--namespace POS\/Cache/g)).to.have.length(3);
    expect(spawnSync('sh', ['-n', 'monitoring/cloudwatch/alarms.sh']).status).to.equal(0);
  });

  it('has Datadog monitors whose thresholds agree with their queries', () => {
    for (const name of readdirSync('monitoring/datadog').filter((each) => each.endsWith('.json'))) {
      const { type, query, options, message } = JSON.parse(file(`datadog/${name}`));
      expect(message, name).to.match(/@/);
      if (type === 'service check') {
        const last = Number(/\.last\((\d+)\)/.exec(query)?.[1]);
        expect(last).to.be.at.least(Math.max(...Object.values<number>(options.thresholds)));
        expect(query).to.match(/^"health\.cache\.status"\.over\(/);
      } else {
        expect(type).to.equal('query alert');
        expect(Number(/[<>] (\d+)$/.exec(query)?.[1])).to.equal(options.thresholds.critical);
        expect(query).to.match(/health\.cache\.(?:hit_rate|errors)\b/);
      }
    }
  });

  it('has New Relic conditions on metrics that are reported', () => {
    const names = CACHE_METRICS.flatMap(instrumentsOf).map(({ name }) => name);
    for (const { nrql } of JSON.parse(file('newrelic/conditions.json'))) {
      for (const name of nrql.match(/express\.cache\.\w+/g)) expect(names).to.include(name);
    }
  });
});
