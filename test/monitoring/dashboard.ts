import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const SOURCE = { type: 'prometheus', uid: '$source' };
const OF = 'job=~"$job",cache=~"$cache"';

interface Chart {
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  /** Expressions by legend. */
  readonly lines: Readonly<Record<string, string>>;
}

const CHARTS: readonly Chart[] = [
  {
    title: 'Who answered',
    description: 'Lookups a second by tier. Blue that turns into another colour is an outage.',
    unit: 'ops',
    lines: {
      '{{tier}} {{result}}': `sum by (tier, result) (rate(express_cache_lookups_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Hit rate',
    description: 'Target 80 %, alarm 60 %.',
    unit: 'percentunit',
    lines: {
      '{{cache}}': `sum by (cache) (rate(express_cache_lookups_total{${OF},result=~"hit|stale"}[$__rate_interval])) / sum by (cache) (rate(express_cache_lookups_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Loads on the database',
    description: 'Loads that run, that wait, and that may run at once.',
    unit: 'short',
    lines: {
      running: `sum(express_cache_loads_in_flight{${OF}})`,
      waiting: `sum(express_cache_loads_queued{${OF}})`,
      limit: `sum(express_cache_loads_limit{${OF}} < Inf)`,
    },
  },
  {
    title: 'How loads ended',
    description: 'Loads a second. Refused loads are answers with 503.',
    unit: 'ops',
    lines: {
      '{{result}}': `sum by (result) (rate(express_cache_loads_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Callers that shared a load',
    description: 'A second: in the process (flight), and with another process (lease).',
    unit: 'ops',
    lines: {
      '{{by}}': `sum by (by) (rate(express_cache_coalesced_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Redis commands',
    description: 'The time that Redis took to answer: the median and one of a hundred.',
    unit: 's',
    lines: Object.fromEntries(
      ['0.5', '0.99'].map((quantile) => [
        quantile,
        `histogram_quantile(${quantile}, sum by (le) (rate(express_cache_redis_command_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
      ]),
    ),
  },
  {
    title: 'Errors and attempts',
    description: 'A minute. Attempts of a known outage are no errors.',
    unit: 'opm',
    lines: {
      'error: {{kind}}': `60 * sum by (kind) (rate(express_cache_errors_total{${OF}}[$__rate_interval]))`,
      'attempt: {{result}}': `60 * sum by (result) (rate(express_cache_redis_attempts_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Journal',
    description: 'Writes that wait for Redis, and how many may.',
    unit: 'short',
    lines: {
      '{{instance}}': `express_cache_journal_entries{${OF}}`,
      most: `max(express_cache_journal_max_entries{${OF}})`,
    },
  },
  {
    title: 'Memory tier',
    description: 'Entries, and entries pushed out a second.',
    unit: 'short',
    lines: {
      '{{instance}}': `express_cache_memory_entries{${OF}}`,
      'evicted: {{reason}}': `sum by (reason) (rate(express_cache_memory_evictions_total{${OF}}[$__rate_interval]))`,
    },
  },
  {
    title: 'Health checks',
    description: '1: up.',
    unit: 'short',
    lines: { '{{instance}} {{check}}': 'express_health_check_status{job=~"$job",status="up"}' },
  },
];

/** The dashboard of monitoring/grafana-dashboard.json. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder('Cache and health')
    .uid('express-cache-health')
    .description('express-cache-health: what serves, the hit rate, and what the database gets.')
    .tags(['express-cache-health'])
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .withVariable(new DatasourceVariableBuilder('source').label('Data source').type('prometheus'))
    .withVariable(variable('job', 'label_values(express_cache_build_info, job)'))
    .withVariable(variable('cache', 'label_values(express_cache_status{job=~"$job"}, cache)'))
    .withRow(new RowBuilder('Is it well?'))
    .withPanel(modeTimeline())
    .withPanel(degradedInstances())
    .withRow(new RowBuilder('Why, and what it costs'));
  for (const chart of CHARTS) builder.withPanel(timeseries(chart));
  return builder.build();
}

function variable(name: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .datasource(SOURCE)
    .query(query)
    .includeAll(true)
    .allValue('.*');
}

function modeTimeline(): Builder<Panel> {
  return new StateTimelineBuilder()
    .title('Mode of each instance')
    .description('1 while the mode is true.')
    .unit('short')
    .datasource(SOURCE)
    .span(18)
    .height(7)
    .withTarget(query(`express_cache_mode{${OF},mode!="normal"}`, '{{instance}} {{mode}}'));
}

function degradedInstances(): Builder<Panel> {
  return new StatBuilder()
    .title('Instances without Redis')
    .description('How many instances serve from their fallback or not at all.')
    .unit('short')
    .datasource(SOURCE)
    .span(6)
    .height(7)
    .withTarget(query(`sum(express_cache_status{${OF},status=~"degraded|down"})`, 'instances'));
}

function timeseries({ title, description, unit, lines }: Chart): Builder<Panel> {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .min(0)
    .datasource(SOURCE)
    .span(12)
    .height(8);
  for (const [legend, expr] of Object.entries(lines)) panel.withTarget(query(expr, legend));
  return panel;
}

let refs = 0;

function query(expr: string, legend: string): Builder<Dataquery> {
  const refId = String.fromCharCode(65 + (refs++ % 26));
  return new DataqueryBuilder().expr(expr).legendFormat(legend).refId(refId);
}
