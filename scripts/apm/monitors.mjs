// Datadog's own client reads the monitors of monitoring/datadog/, and writes them as its API takes them.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';

const require = createRequire(import.meta.url);
const { v1 } = require('@datadog/datadog-api-client');
const {
  ObjectSerializer,
} = require('@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/ObjectSerializer.js');
const FOLDER = new URL('../../monitoring/datadog/', import.meta.url);

/** What is wrong, in sentences; and that the client refuses what is wrong. */
export function checkMonitors() {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  const faults = names.flatMap((name) =>
    faultsOf(JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))).map(
      (fault) => `${name}: ${fault}`,
    ),
  );
  const wrong = { type: 'service chek', name: 'x', query: 'x', message: 'x' };
  if (faultsOf(wrong).length === 0)
    faults.push("the client accepts a monitor of type 'service chek'");
  if (names.length < 3) faults.push('monitoring/datadog/ has no monitors');
  return faults;
}

function faultsOf(json) {
  try {
    const monitor = ObjectSerializer.deserialize(json, 'Monitor', '');
    if (!(monitor instanceof v1.Monitor)) return ['the client does not make a Monitor of it'];
    if (monitor._unparsed) return ['the client cannot read all of it'];
    const extra = Object.keys({
      ...monitor.additionalProperties,
      ...monitor.options?.additionalProperties,
    });
    if (extra.length > 0) return [`the client does not know ${extra.join(', ')}`];
    const written = ObjectSerializer.serialize(monitor, 'Monitor', '');
    const same = JSON.parse(JSON.stringify(written));
    return isDeepStrictEqual(same, json) ? [] : [`the client writes ${JSON.stringify(same)}`];
  } catch (error) {
    return [error.message];
  }
}
