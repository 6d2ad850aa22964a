import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import request from 'supertest';
import { parseDuration } from '../../lib/core/time/duration.js';
import { parseHealthOptions } from '../../lib/health/options.js';
import { healthRouter } from '../../lib/index.js';
import { SHUTDOWN_DEFAULTS } from '../../lib/shutdown/shutdown-options.js';
import { appWith, down, up } from './support.js';

const SUBJECT = { name: 'a default', code: 'ERR_HEALTH_OPTION' } as const;
const drainMs = parseDuration(SUBJECT, SHUTDOWN_DEFAULTS.drainDelay);
const timeoutMs = parseDuration(SUBJECT, SHUTDOWN_DEFAULTS.timeout);
const { deadlineMs } = parseHealthOptions({});

const read = (path: string): string => readFileSync(path, 'utf8');

interface Probe {
  readonly path: string;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
}

describe('the numbers of deploy/', () => {
  const yaml = read('deploy/kubernetes.yaml').replace(/^\s*#.*$/gm, '');

  function probeOf(kind: string): Probe {
    const block = yaml.slice(yaml.indexOf(`${kind}Probe:`));
    const number = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(block)?.[1]);
    return {
      path: /path: ([^,]+),/.exec(block)?.[1] ?? '',
      periodMs: number('periodSeconds') * 1_000,
      timeoutMs: number('timeoutSeconds') * 1_000,
      failures: number('failureThreshold'),
    };
  }

  for (const [kind, whenDown] of [
    ['startup', 503],
    ['liveness', 200],
    ['readiness', 503],
  ] as const) {
    it(`ask Kubernetes’ ${kind} probe of an endpoint that is there, and give our answer time`, async () => {
      const { path, timeoutMs: patience } = probeOf(kind);
      const healthy = request(appWith(healthRouter({ database: up })));
      expect((await healthy.get(path)).status).to.equal(200);
      const sick = request(appWith(healthRouter({ database: down })));
      expect((await sick.get(path)).status).to.equal(whenDown);
      expect(patience).to.be.above(deadlineMs);
    });
  }

  it('leave Kubernetes time to notice and us time to end', () => {
    const { periodMs, failures } = probeOf('readiness');
    expect(drainMs).to.be.at.least(periodMs * failures + 1_000);
    const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(yaml)?.[1]) * 1_000;
    expect(grace).to.be.above(timeoutMs);
    expect(timeoutMs).to.be.above(drainMs);
  });

  it('leave HAProxy time to notice', () => {
    const [, inter = '', fall = ''] =
      /inter (\d+)s fall (\d+)/.exec(read('deploy/haproxy.cfg')) ?? [];
    expect(drainMs).to.be.at.least(Number(inter) * Number(fall) * 1_000 + 1_000);
  });

  it('ask AWS’ target group of readiness, for exactly 200', async () => {
    const group = JSON.parse(read('deploy/aws-target-group.json'));
    expect([group.HealthCheckPath, group.Matcher]).to.deep.equal([
      '/health/ready',
      { HttpCode: '200' },
    ]);
    expect(group.HealthCheckTimeoutSeconds * 1_000).to.be.above(deadlineMs);
    // Its shortest interval is longer than the default drain: the documents say what to set.
    const noticed = group.HealthCheckIntervalSeconds * group.UnhealthyThresholdCount + 1;
    expect(read('docs/health.md')).to.include(`drainDelay: '${noticed}s'`);
  });
});
