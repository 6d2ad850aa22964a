// Says how long `npm test` usually takes: the first line of it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** On two quiet cores. */
const USUAL_MINUTES = 4;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Of runs that passed in this folder, in milliseconds, as the tests' reporter has written them. */
function durations() {
  try {
    return JSON.parse(readFileSync(join(root, '.cache/test-durations.json'), 'utf8'));
  } catch {
    return [];
  }
}

function asText(ms) {
  const seconds = Math.round(ms / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const known = durations();
const median = [...known].sort((a, b) => a - b)[Math.floor(known.length / 2)];
console.log(
  median === undefined
    ? `The tests start real Redis servers. They usually take about ${USUAL_MINUTES} minutes on two quiet cores.`
    : `The tests start real Redis servers. They usually take about ${asText(median)} here.`,
);
