// npm run bench [part…] [-- options]. Progress on stderr, tables on stdout, raw JSON and pictures under results/.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { printBars } from './bars.mjs';
import { redisVersion } from './lib/redis.mjs';
import { say } from './lib/report.mjs';
import { SUBJECTS } from './lib/subjects.mjs';
import { hotPath } from './parts/hot-path.mjs';
import { FAULTS, MEMORY, outage } from './parts/outage.mjs';
import { overhead } from './parts/overhead.mjs';
import { stampede } from './parts/stampede.mjs';
import { truth } from './parts/truth.mjs';

const PARTS = { 'hot-path': hotPath, outage, truth, stampede, overhead };

const HELP = `npm run bench -- [part…] [options]

  parts            ${Object.keys(PARTS).join(', ')} (all of them; with --fault, outage)
  --fault <name>   one fault of the outage, or several: ${Object.keys(FAULTS).join(', ')};
                   ${MEMORY}: the heap in a long hang
  --only <name>    one subject, or several
  --repeat <n>     repetitions of each outage, stampede, round and request (not of truth)
  --rate <n>       requests a second that visitors want in the outage (0: as many as they can get)
  --work <n>       what a request costs the application itself, in rounds of PBKDF2 (1000)
  --during-ms <n>  length of each fault (4000)
  --hang-ms <n>    length of the hang in which memory is measured (60000)
  --all            every peer in every part
  --quick          a smoke test of two minutes: its figures mean nothing, and go to results/quick/
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
  if (values.help) return say(HELP);
  const options = parse(values);
  const wanted = parts(positionals, options);
  const machine = await describeMachine();
  say(
    `# ${machine.cpu} ×${machine.cores}, ${machine.system}, node ${machine.node}, redis ${machine.redis}, load ${machine.load}\n`,
  );
  const results = {};
  const about = { measuredAt: new Date().toISOString(), options, machine };
  for (const name of wanted) {
    say(`\n## ${name}`);
    // A part that fails is told, misses its bars, and costs no other part its figures.
    const keep = (soFar) => save(name, { ...about, ...soFar }, []);
    try {
      results[name] = await PARTS[name]({ ...options, keep });
      save(name, { ...about, ...results[name].parts }, results[name].pictures);
    } catch (error) {
      say(`\nfailed: ${error?.stack ?? error}\n`);
      results[name] = { failed: String(error?.message ?? error).split('\n')[0] };
    }
  }
  const { lines, missed } = printBars(results);
  save('bars', { ...about, lines }, []);
  // A figure of the quick mode means nothing, so it fails nothing.
  process.exitCode = missed > 0 && !options.quick ? 1 : 0;
}

function parts(positionals, { fault }) {
  for (const name of positionals) {
    if (!Object.hasOwn(PARTS, name)) throw new Misuse(`No part '${name}'.\n\n${HELP}`);
  }
  if (positionals.length > 0) return positionals;
  return fault ? ['outage'] : Object.keys(PARTS);
}

class Misuse extends Error {}

function parse(values) {
  for (const fault of values.fault ?? []) {
    if (!Object.hasOwn(FAULTS, fault) && fault !== MEMORY)
      throw new Misuse(`No fault '${fault}': ${[...Object.keys(FAULTS), MEMORY].join(', ')}`);
  }
  for (const name of values.only ?? []) {
    if (!Object.hasOwn(SUBJECTS, name))
      throw new Misuse(`No subject '${name}': ${Object.keys(SUBJECTS).join(', ')}`);
  }
  const number = (name, least) => {
    const text = values[name];
    if (text === undefined) return undefined;
    if (!/^\d+$/.test(text) || Number(text) < least)
      throw new Misuse(`--${name} wants a whole number from ${least} on, not '${text}'`);
    return Number(text);
  };
  return {
    fault: values.fault,
    only: values.only,
    repeat: number('repeat', 1),
    rounds: number('repeat', 1),
    rate: number('rate', 0),
    work: number('work', 0),
    hangMs: number('hang-ms', 1_000) ?? (values.quick ? 5_000 : undefined),
    duringMs: number('during-ms', 500),
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

/** @param {object} content @param {[string, string][]} pictures names and SVG */
function save(name, content, pictures) {
  const folder = new URL(
    content.options.quick ? './results/quick/' : './results/',
    import.meta.url,
  );
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(content, (_, value) => (value === Infinity ? 'never' : value), 1);
  writeFileSync(new URL(`${name}.json`, folder), text);
  for (const [file, svg] of pictures) writeFileSync(new URL(file, folder), svg);
}

try {
  await main();
} catch (error) {
  const isMisuse = error instanceof Misuse || error?.code?.startsWith?.('ERR_PARSE_ARGS');
  process.stderr.write(`\n${isMisuse ? error.message : (error?.stack ?? error)}\n`);
  process.exit(2);
}
