// npm run bench [part…] [-- options]. Progress on stderr, tables on stdout, raw JSON and pictures under results/.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { printBars } from './bars.mjs';
import { redisVersion } from './lib/redis.mjs';
import { say } from './lib/report.mjs';
import { hotPath } from './parts/hot-path.mjs';
import { FAULTS, MEMORY, outage } from './parts/outage.mjs';
import { overhead } from './parts/overhead.mjs';
import { stampede } from './parts/stampede.mjs';
import { truth } from './parts/truth.mjs';

const PARTS = { 'hot-path': hotPath, outage, truth, stampede, overhead };

const HELP = `npm run bench -- [part…] [options]

  parts            ${Object.keys(PARTS).join(', ')} (all of them)
  --fault <name>   one fault of the outage, or several: ${Object.keys(FAULTS).join(', ')};
                   ${MEMORY}: the heap in a long hang
  --only <name>    one subject, or several
  --repeat <n>     repetitions of each outage, trial and round
  --rate <n>       requests a second that visitors want in the outage (0: as many as they can get)
  --work <n>       what a request costs the application itself, in rounds of PBKDF2 (1000)
  --during-ms <n>  length of each fault (4000)
  --hang-ms <n>    length of the hang in which memory is measured
  --all            every peer in every part
  --quick          a minute's smoke test: its figures mean nothing
`;

const OPTIONS = {
  fault: { type: 'string', multiple: true },
  only: { type: 'string', multiple: true },
  repeat: { type: 'string' },
  rate: { type: 'string' },
  work: { type: 'string' },
  'hang-ms': { type: 'string' },
  'during-ms': { type: 'string' },
  all: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const wanted = positionals.length > 0 ? positionals : Object.keys(PARTS);
  for (const name of wanted) if (!(name in PARTS)) throw new Error(`No part '${name}'.\n\n${HELP}`);
  if (values.help) return say(HELP);
  const options = parse(values);
  const machine = await describeMachine();
  say(
    `# ${machine.cpu} ×${machine.cores}, ${machine.system}, node ${machine.node}, redis ${machine.redis}, load ${machine.load}\n`,
  );
  const results = {};
  for (const name of wanted) {
    say(`\n## ${name}`);
    results[name] = await PARTS[name](options);
    save(name, machine, results[name]);
  }
  const missed = printBars(results, options);
  // A figure of the quick mode means nothing, so it fails nothing.
  process.exitCode = missed > 0 && !options.quick ? 1 : 0;
}

function parse(values) {
  for (const fault of values.fault ?? []) {
    if (!(fault in FAULTS) && fault !== MEMORY)
      throw new Error(`No fault '${fault}': ${Object.keys(FAULTS).join(', ')}`);
  }
  const number = (text) => (text === undefined ? undefined : Number(text));
  return {
    fault: values.fault,
    only: values.only,
    repeat: number(values.repeat),
    rounds: number(values.repeat),
    rate: number(values.rate),
    work: number(values.work),
    hangMs: number(values['hang-ms']),
    duringMs: number(values['during-ms']),
    all: values.all,
    quick: values.quick,
  };
}

async function describeMachine() {
  const { version } = createRequire(import.meta.url)('../package.json');
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    node: process.version,
    redis: await redisVersion(),
    load: loadavg()[0].toFixed(2),
    package: version,
  };
}

function save(name, machine, { parts, pictures }) {
  const folder = new URL('./results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL(`${name}.json`, folder),
    JSON.stringify({ machine, ...parts }, undefined, 1),
  );
  for (const [file, svg] of pictures) writeFileSync(new URL(file, folder), svg);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error?.stack ?? error}\n`);
  process.exit(2);
}
