/*
 * Shows that the tests would notice: takes one guarantee at a time out of a copy of the compiled code, runs the
 * tests that hold it, and prints the first that fails.
 *
 *     npm run test:mutations                 all
 *     npm run test:mutations -- barrier      those whose name contains the word
 *     npm run test:mutations -- --check      none: only whether the code that each would change is there
 *
 * Fails when a mutation survives, or when the code it changes is not there any more.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const BUILD = join(ROOT, process.env.MUTATIONS_BUILD ?? '.build');
const COPY = join(ROOT, '.cache/mutations');
const TIMEOUT_MS = 240_000;

/**
 * `find` is literal text of the compiled file, there exactly once. `grep`: what the title of the relevant
 * tests contains, to spare the others.
 */
const MUTATIONS = [
  {
    name: 'no read barrier: a key in the journal is asked for in Redis',
    file: 'tiers/read.js',
    find: 'return context.journal.isEmpty || !context.journal.blocks(key) ? session : undefined;',
    replace: 'return session;',
    tests: ['truth/barrier'],
  },
  {
    name: 'no read barrier for replies on their way',
    file: 'tiers/read.js',
    find: 'if (!context.journal.isEmpty && context.journal.blocks(key))',
    replace: 'if (false)',
    tests: ['truth/barrier'],
  },
  {
    name: 'barrier lifted by any answer, also to an older change',
    file: 'tiers/ledger/journal.js',
    find: 'if (entry !== undefined && entry.seq <= seq)\n            this.#forget(key);',
    replace: 'if (entry !== undefined)\n            this.#forget(key);',
    tests: ['truth/barrier'],
  },
  {
    name: 'a read answered between a script and its resending stays in memory',
    file: 'redis/commands/session.js',
    find: 'onResend?.();',
    replace: '',
    tests: ['truth/order'],
  },
  {
    name: 'a set that is sent again and then refused lives in memory as if Redis had it',
    file: 'tiers/write.js',
    find: 'if (isLatest)\n        sending.since = now;',
    replace: '',
    tests: ['truth/order'],
  },
  {
    name: 'memory: nothing is protected',
    file: 'memory/memory-tier.js',
    find: 'const PROTECTED_SHARE = 0.8;',
    replace: 'const PROTECTED_SHARE = 0;',
    tests: ['memory/memory-tier'],
  },
  {
    name: 'memory: two segments, each as large as all of it',
    file: 'memory/memory-tier.js',
    find: 'while (this.entries > max || this.bytes > maxBytes)',
    replace: 'while (false)',
    tests: ['memory/memory-tier'],
  },
  {
    name: 'hesitation: what Redis showed long ago is given too',
    file: 'tiers/standby.js',
    find: 'at - mark > RECENT_MS',
    replace: 'false',
    tests: ['faults/hesitation'],
  },
  {
    name: 'hesitation: what Redis never showed is given too',
    file: 'tiers/standby.js',
    find: 'mark === NEVER || at - mark > RECENT_MS',
    replace: 'at - mark > 1e9',
    tests: ['faults/hesitation'],
  },
  {
    name: 'backoff: time in which all was well counts as trouble',
    file: 'redis/door/backoff.js',
    find: 'wellMs + RECOVERY_FACTOR * wellMs',
    replace: '0',
    tests: ['redis/door/backoff'],
  },
  {
    name: 'hesitation: a spared caller that asks again and again starves the event loop',
    file: 'redis/connection/get-batcher.js',
    find: 'this.#connection.afterPoll(() => resolve(failure_js_1.HESITATES));',
    replace: 'resolve(failure_js_1.HESITATES);',
    tests: ['faults/hesitation'],
  },
  {
    name: 'hesitation: spared readers flood Redis',
    file: 'redis/connection/get-batcher.js',
    find: 'if (this.#connection.unanswered >= MIN_PROBES)',
    replace: 'if (false)',
    tests: ['faults/hesitation'],
  },
  {
    name: 'hesitation: nobody is spared',
    file: 'redis/connection/get-batcher.js',
    find: 'if (this.#connection.hesitates && this.#canSpare(key))',
    replace: 'if (false)',
    tests: ['faults/hesitation'],
  },
  {
    name: 'hesitation: a spared reader sends nothing, so that a hang is found out late',
    file: 'redis/connection/get-batcher.js',
    find: 'if (this.#connection.unanswered >= MIN_PROBES)',
    replace: 'if (true)',
    tests: ['faults/hesitation'],
  },
  {
    name: 'the replay deletes what was written since it began',
    file: 'tiers/replay.js',
    find: 'batch.filter((key) => journal.has(key))',
    replace: 'batch',
    tests: ['truth/replay'],
  },
  {
    name: 'no fence: an older version stores',
    file: 'redis/commands/scripts.js',
    find: 'if version > tonumber(ARGV[4]) and version',
    replace: 'if false and version',
    tests: ['truth/ghost'],
  },
  {
    name: 'no fence: a late write stores',
    file: 'redis/commands/scripts.js',
    find: "if nowMs > tonumber(ARGV[6]) then return {'late', ARGV[1], nowMs} end\n",
    replace: '',
    tests: ['truth/ghost'],
  },
  {
    name: 'no tombstone: a delete leaves nothing',
    file: 'redis/commands/scripts.js',
    find: "local set = redis.pcall('SET', key, ARGV[2] .. mark, 'PX', ARGV[3])",
    replace: "local set = redis.pcall('UNLINK', key)",
    tests: ['truth/ghost'],
  },
  {
    name: 'no tombstone after a clear',
    file: 'redis/commands/scripts.js',
    find: "if slot ~= '' and string.sub(slot, 17, 17) == 't' then\n  if token",
    replace: 'if false then\n  if token',
    tests: ['truth/ghost'],
  },
  {
    name: 'no recovery gate: Redis is used while the journal is replayed',
    file: 'redis/door/door.js',
    find: 'const isReplayed = await this.#options.hooks.recover(',
    replace: 'const isReplayed = !!this.#options.hooks.recover(',
    tests: ['truth/outage'],
    grep: 'recovery gate',
  },
  {
    name: 'no replay',
    file: 'tiers/replay.js',
    find: 'for (let pass = 0; pass < MAX_PASSES && !journal.isEmpty; pass++) {',
    replace: 'journal.overflow(); journal.settleOverflow(Infinity); for (; false; ) {',
    tests: ['truth/outage'],
  },
  {
    name: 'no epoch check: what survived an outage in memory is not suspect',
    file: 'tiers/replay.js',
    find: 'standby?.suspectAll();',
    replace: '',
    tests: ['truth/standby'],
  },
  {
    name: 'no bound on values made in an outage',
    file: 'tiers/write.js',
    find: 'Math.min(value.ttlMs, config.outageTtlMs)',
    replace: 'value.ttlMs',
    tests: ['truth/standby'],
  },
  {
    name: 'no load-versus-invalidate check in the process',
    file: 'loading/load-task.js',
    find: 'if (flight.isVoid)\n            lease?.abandon();\n        else if (loaded.isSkipped)',
    replace: 'if (loaded.isSkipped)',
    tests: ['truth/load'],
  },
  {
    name: 'no load-versus-invalidate check across processes',
    file: 'redis/commands/scripts.js',
    find: 'if token ~= ARGV[1] or nowMs > tonumber(ARGV[5]) then',
    replace: 'if nowMs > tonumber(ARGV[5]) then',
    tests: ['truth/load'],
  },
  {
    name: 'no fence: a late load stores',
    file: 'redis/commands/scripts.js',
    find: 'if token ~= ARGV[1] or nowMs > tonumber(ARGV[5]) then',
    replace: 'if token ~= ARGV[1] then',
    tests: ['truth/ghost'],
  },
  {
    name: 'a load survives a change of generation',
    file: 'tiers/lease.js',
    find: 'value, this.#generation)',
    replace: 'value)',
    tests: ['truth/load'],
  },
  {
    name: 'callers who come after a change share the load that began before it',
    file: 'loading/single-flight.js',
    find: 'flight.isVoid = true;\n            flights.delete(key);',
    replace: 'flight.isVoid = true;',
    tests: ['truth/load'],
  },
  {
    name: 'memory learns from replies that were on their way when the key was changed',
    file: 'tiers/read.js',
    find: 'if (context.localChanges.isUnchanged(key, asked.since))',
    replace: '',
    tests: ['truth/barrier'],
  },
  {
    name: 'no overflow bump',
    file: 'tiers/replay.js',
    find: 'const reply = await context.door?.identity.bump(session);',
    replace: 'const reply = {};',
    tests: ['truth/overflow'],
  },
  {
    name: 'an overflow blocks nothing',
    file: 'tiers/ledger/journal.js',
    find: 'if (this.isOverflowed)\n            return true;\n        for',
    replace: 'for',
    tests: ['truth/overflow'],
  },
  {
    name: 'other processes do not hear of a change of generation',
    file: 'redis/door/data-identity.js',
    find: 'this.#remember(reply, lineage.runId);\n        return reply;\n    }\n    /** Makes every entry',
    replace:
      'this.#lineage = { ...lineage, count: reply.count };\n        return reply;\n    }\n    /** Makes every entry',
    tests: ['truth/overflow'],
  },
  {
    name: 'no amnesia: a fence that went back is believed',
    file: 'redis/door/lineage.js',
    find: "record.count < remembered.count ? { kind: 'amnesia' } : { kind: 'continue' }",
    replace: "{ kind: 'continue' }",
    tests: ['truth/amnesia'],
  },
  {
    name: 'no amnesia: an older lineage is believed',
    file: 'redis/door/lineage.js',
    find: "record.id > remembered.id ? { kind: 'continue' } : { kind: 'amnesia' }",
    replace: "{ kind: 'continue' }",
    tests: ['truth/amnesia'],
  },
  {
    name: 'no amnesia: data without a record is believed',
    file: 'redis/door/lineage.js',
    find: 'found.isEmpty ? remembered.generation : newGeneration()',
    replace: 'remembered.generation',
    tests: ['truth/amnesia'],
  },
  {
    name: 'an empty restart is punished',
    file: 'redis/door/lineage.js',
    find: 'found.isEmpty ? remembered.generation : newGeneration()',
    replace: 'newGeneration()',
    tests: ['truth/amnesia'],
  },
  {
    name: 'writes younger than the last fence are not made again',
    file: 'tiers/replay.js',
    find: 'if (recovery.isRestarted)',
    replace: 'if (false)',
    tests: ['truth/amnesia'],
  },
  {
    name: 'replayed writes are not remembered',
    file: 'tiers/replay.js',
    find: 'unconfirmed.note(key);',
    replace: '',
    tests: ['truth/amnesia'],
  },
  {
    name: 'a restarted server that refuses writes is believed at once',
    file: 'redis/door/door.js',
    find: 'if (this.identity.isRestarted(result.found))',
    replace: 'if (false)',
    tests: ['truth/amnesia'],
  },
  {
    name: "no fingerprint check: another key's entry is believed",
    file: 'entry/entry.js',
    find: "if (!entry.startsWith(fingerprint, GENERATION_END))\n        return 'misplaced';",
    replace: '',
    tests: ['truth/barrier'],
  },
  {
    name: 'a write that timed out counts as applied',
    file: 'tiers/write.js',
    find: "keepForOutage(context, key, value);\n        return deferred(context, key, 'set');\n    }\n    if",
    replace:
      'keepForOutage(context, key, value);\n        return applied(context, key, seq);\n    }\n    if',
    tests: ['truth/ghost'],
  },
  {
    name: 'a set that was overtaken counts as made',
    file: 'tiers/write.js',
    find: "if (reply.outcome === 'older')\n        return withdraw",
    replace: 'if (false)\n        return withdraw',
    tests: ['truth/ghost'],
  },
  {
    name: 'a late set is sent again over a change that was called meanwhile',
    file: 'tiers/write.js',
    find: 'if (!localChanges.isUnchanged(sending.key, sending.since))\n        return TOO_LATE;',
    replace: '',
    tests: ['truth/order'],
  },
  {
    name: 'a hit costs a second command',
    file: 'redis/commands/session.js',
    find: 'return this.#gets.get(key);',
    replace: "void this.connection.send(['PTTL', key]);\n        return this.#gets.get(key);",
    tests: ['truth/wire'],
  },
];

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const chosen = MUTATIONS.filter(({ name }) => words.every((word) => name.includes(word)));
if (!existsSync(join(BUILD, 'test'))) {
  console.error('Compile first: npm run test:compile');
  process.exit(1);
}
if (process.argv.includes('--check')) {
  const lost = chosen.filter((mutation) => placesOf(mutation) !== 1);
  for (const { name, file } of lost) console.error(`✘ ${name}\n    not found once in lib/${file}`);
  process.exit(lost.length > 0 || chosen.length === 0 ? 1 : 0);
}
await checkUnchanged();
let bad = 0;
for (const mutation of chosen) {
  const startedAt = performance.now();
  const verdict = await judge(mutation);
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  if (!verdict.isKilled) bad++;
  console.log(
    `${verdict.isKilled ? '✔' : '✘'} ${mutation.name}\n    ${verdict.text} (${seconds} s)`,
  );
}
rmSync(COPY, { recursive: true, force: true });
console.log(`\n${chosen.length - bad} of ${chosen.length} mutations were noticed.`);
process.exitCode = bad > 0 || chosen.length === 0 ? 1 : 0;

/** A test that fails anyway proves nothing. */
async function checkUnchanged() {
  makeCopy();
  const tests = [...new Set(chosen.flatMap((mutation) => mutation.tests))];
  const failed = await firstFailure(tests.map(pathOf), undefined);
  if (failed === undefined) return;
  console.error(`Without any mutation this fails already: ${failed}`);
  process.exit(1);
}

/** How often the code that a mutation changes is there. */
function placesOf({ file, find }) {
  return readFileSync(join(BUILD, 'lib', file), 'utf8').split(find).length - 1;
}

function pathOf(test) {
  return join(COPY, 'test', `${test}.test.js`);
}

async function judge(mutation) {
  const { file, find, replace, tests, grep } = mutation;
  makeCopy();
  const path = join(COPY, 'lib', file);
  const code = readFileSync(path, 'utf8');
  const places = placesOf(mutation);
  if (places !== 1) {
    return { isKilled: false, text: `the code to change is there ${places} times in lib/${file}` };
  }
  writeFileSync(
    path,
    code.replace(find, () => replace),
  );
  const failed = await firstFailure(tests.map(pathOf), grep);
  return failed === undefined
    ? { isKilled: false, text: `SURVIVED ${tests.join(', ')}` }
    : { isKilled: true, text: `${failed}` };
}

/** The copy stands inside the repository, so that it finds the installed packages. */
function makeCopy() {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(dirname(COPY), { recursive: true });
  cpSync(BUILD, COPY, { recursive: true });
  if (!existsSync(join(COPY, 'node_modules'))) {
    symlinkSync(join(ROOT, 'node_modules'), join(COPY, 'node_modules'), 'dir');
  }
}

/** The title of the first test that fails, or `undefined`. */
async function firstFailure(files, grep) {
  const options = ['--no-config', '--bail', '--timeout', '20000', '--reporter', 'json', '--exit'];
  const only = grep === undefined ? [] : ['--grep', grep];
  const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
  const child = spawn(process.execPath, [mocha, ...options, ...only, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  clearTimeout(timer);
  const report = JSON.parse(output.slice(output.indexOf('{\n  "stats"')) || 'null');
  if (report === null) return 'the tests did not come to an end';
  if (report.stats.tests === 0) return undefined;
  return report.failures[0]?.fullTitle;
}
