// The rules of docs/monitoring.md. The spans go to the agent that run.mjs plays.
process.env.DD_TRACE_SAMPLING_RULES = JSON.stringify(
  ['redis.command', 'tcp.connect', 'dns.lookup'].map((name) => ({ name, sample_rate: 0 })),
);
require('dd-trace').init({ flushInterval: 100, startupLogs: false, runtimeMetrics: false });
