Object.assign(process.env, {
  NEW_RELIC_APP_NAME: 'apm',
  NEW_RELIC_LICENSE_KEY: '0'.repeat(40),
  NEW_RELIC_HOST: '127.0.0.1',
  NEW_RELIC_PORT: '9',
  NEW_RELIC_LOG_ENABLED: 'false',
  NEW_RELIC_NO_CONFIG_FILE: 'true',
});
const { agent } = require('newrelic');

const spans = [];
let transactions = 0;

agent.on('transactionFinished', (transaction) => {
  const trace = `transaction ${++transactions}`;
  const walk = (segment, isRoot) => {
    spans.push({
      name: segment.name,
      trace,
      isRoot,
      isKept: true,
      at: segment.timer.start ?? transaction.timer.start,
      command: /^Datastore\/operation\/Redis\/(\w+)/.exec(segment.name)?.[1]?.toUpperCase(),
      text: JSON.stringify([segment.name, segment.getAttributes()]),
    });
    for (const child of childrenOf(transaction, segment)) walk(child, false);
  };
  walk(transaction.trace.root, true);
});

function childrenOf({ trace }, segment) {
  return trace.getChildren?.(segment.id) ?? segment.getChildren?.() ?? [];
}

globalThis.recordedSpans = () => spans;
