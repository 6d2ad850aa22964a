import { expect } from 'chai';
import fc from 'fast-check';
import { createClient } from 'redis';
import { ALL_SCRIPTS } from '../../lib/redis/commands/scripts.js';
import { COMMANDS } from '../../lib/testing/scripted-redis/commands/all-commands.js';
import { ErrorReply } from '../../lib/testing/scripted-redis/reply.js';
import { ScriptedRedis } from '../../lib/testing/scripted-redis/scripted-redis.js';
import { toNumber, toNumberOfBase, whole } from '../../lib/testing/scripted-redis/scripts/lua.js';
import { CAN_STEP_CLOCKS, SteppedRedis } from '../support/stepped-redis.js';
import { type ErrorText, errorTextFor } from './error-text.js';
import { KEYS, recordScene, START_MS, type Step, scene, steps } from './generated-commands.js';

type Client = ReturnType<typeof createClient>;

/** The clock of both servers, which stands still until a step moves it. */
let nowMicros = START_MS * 1_000;

describe('the scripted Redis, beside a real one', () => {
  let redis: SteppedRedis;
  let client: Client;
  let errorText: ErrorText;

  before(async function () {
    if (!CAN_STEP_CLOCKS) this.skip();
    this.timeout(120_000);
    redis = await SteppedRedis.start();
    errorText = await errorTextFor(redis.server);
    setClocks(START_MS * 1_000);
    client = createClient({ url: redis.url });
    client.on('error', () => {});
    await client.connect();
    for (const { source } of ALL_SCRIPTS) await client.sendCommand(['SCRIPT', 'LOAD', source]);
  });

  after(async () => {
    client?.destroy();
    await redis?.stop();
  });

  function setClocks(micros: number): void {
    nowMicros = micros;
    redis.freezeClock(micros / 1_000);
  }

  const scripted = (): ScriptedRedis => new ScriptedRedis(() => nowMicros / 1_000);

  /** A reply so that both kinds can be compared. */
  function shown(args: readonly string[], reply: unknown): unknown {
    if (reply instanceof Error) return errorText(reply);
    const isScan = args[0] === 'SCAN' && Array.isArray(reply);
    return isScan ? [reply[0], [...reply[1]].sort()] : reply;
  }

  const ask = async (args: readonly string[]): Promise<unknown> => {
    try {
      return shown(args, await client.sendCommand([...args]));
    } catch (error) {
      return shown(args, error);
    }
  };

  /** Plays sequences on both, each from the beginning, and compares the data `each` step or at the `end`. */
  async function compare(
    sequences: fc.Arbitrary<readonly Step[]>,
    when: 'each' | 'end',
    numRuns: number,
  ): Promise<void> {
    const property = fc.asyncProperty(sequences, async (sequence) => {
      await client.sendCommand(['FLUSHALL']);
      setClocks(START_MS * 1_000);
      const ours = scripted();
      for (const { source } of ALL_SCRIPTS) ours.execute(['SCRIPT', 'LOAD', source]);
      for (const step of sequence) {
        const what = await play(ours, step);
        if (when === 'each' || step === sequence.at(-1)) await compareData(ours, what);
      }
    });
    const times = Number(process.env.CONFORMANCE_TIMES ?? 1);
    await fc.assert(property, { numRuns: numRuns * times });
  }

  it('answers as the real one does, and leaves the same data behind', async function () {
    this.timeout(600_000);
    await compare(steps, 'each', 150);
  });

  it('does so with each script and whatever may be under its key', async function () {
    this.timeout(600_000);
    await compare(scene, 'end', 2_000);
  });

  it('does so with each script and whatever the records of a prefix may hold', async function () {
    this.timeout(600_000);
    await compare(recordScene, 'end', 600);
  });

  async function play(ours: ScriptedRedis, step: Step): Promise<string> {
    if ('advance' in step) setClocks(nowMicros + step.advance);
    const command = 'advance' in step ? ['TIME'] : step.command;
    const real = await ask(command);
    const what = `${command.join(' ')} at ${nowMicros}`;
    expect(shown(command, ours.execute(command)), `the reply to ${what}`).to.deep.equal(real);
    return what;
  }

  async function compareData(ours: ScriptedRedis, what: string): Promise<void> {
    const there = await Promise.all(KEYS.map(stateOf));
    const here = KEYS.map((key) => ({ value: ours.peek(key), left: ours.msLeft(key) }));
    expect(here, `the data after ${what}`).to.deep.equal(there);
  }

  async function stateOf(key: string): Promise<{ value: unknown; left: number | undefined }> {
    const [text, fields, left] = await Promise.all([
      ask(['GET', key]),
      ask(['HGETALL', key]),
      ask(['PTTL', key]),
    ]);
    if (left === -2) return { value: undefined, left: undefined };
    const isText = typeof text === 'string' && !text.startsWith('error ');
    const value = isText ? text : { ...(fields as Record<string, string>) };
    return { value, left: left === -1 ? Number.POSITIVE_INFINITY : Number(left) };
  }

  it('reads and writes numbers as Lua does', async () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0129afAFxzZ-+. e\t\0'), maxLength: 14 });
    const lua = `
      local shown = {}
      for i = 1, 3 do
        local number
        if i == 1 then number = tonumber(ARGV[1]) else number = tonumber(ARGV[1], i == 2 and 16 or 36) end
        shown[i] = number and string.format('%.17g', number) or 'nil'
      end
      return shown`;
    const text = (value: number | undefined): string => (value === undefined ? 'nil' : `${value}`);
    const property = fc.asyncProperty(digits, async (given) => {
      const real = (await client.sendCommand(['EVAL', lua, '0', given])) as string[];
      const ours = [toNumber(given), toNumberOfBase(given, 16), toNumberOfBase(given, 36)];
      const shown = (each: string): string => {
        return each === 'nil' ? each : `${Number(each.replace('inf', 'Infinity'))}`;
      };
      expect(ours.map(text)).to.deep.equal(real.map(shown));
    });
    await fc.assert(property, { numRuns: 1_000 });
  });

  it('rounds as Lua does', async () => {
    const halves = fc.tuple(
      fc.integer({ min: 0, max: 4e12 }),
      fc.constantFrom(0, 1, 499, 500, 501),
    );
    const lua = "return string.format('%.0f', tonumber(ARGV[1]) + tonumber(ARGV[2]) / 1000)";
    const property = fc.asyncProperty(halves, async ([number, thousandths]) => {
      const args = [`${number}`, `${thousandths}`];
      const real = await client.sendCommand(['EVAL', lua, '0', ...args]);
      expect(whole(number + thousandths / 1_000)).to.equal(real);
    });
    await fc.assert(property, { numRuns: 500 });
  });

  it('has commands of the same length and kind', async () => {
    // The flags of SCRIPT are those of its subcommands.
    const names = Object.keys(COMMANDS).filter((name) => name !== 'SCRIPT');
    const infos = (await client.sendCommand(['COMMAND', 'INFO', ...names])) as unknown[][];
    const there = infos.map(([name, arity, given]) => {
      const flags = [...(given as Iterable<string>)];
      return {
        name: String(name).toUpperCase(),
        arity,
        isWrite: flags.includes('write'),
        takesMemory: flags.includes('denyoom'),
        isAllowedWhileLoading: flags.includes('loading'),
        isForScripts: !flags.includes('noscript'),
      };
    });
    const here = names.map((name) => {
      const { run: _, ...spec } = COMMANDS[name] ?? expect.fail(name);
      return { name, ...spec };
    });
    expect(here).to.deep.equal(there);
  });

  it('says the same of itself', async () => {
    await client.sendCommand(['FLUSHALL']);
    const ours = scripted();
    for (const args of [['INFO'], ['INFO', 'server'], ['INFO', 'replication']]) {
      const here = fieldsOf(ours.execute(args));
      const there = fieldsOf(await client.sendCommand(args));
      expect(there, args.join(' ')).to.include.keys(Object.keys(here));
      for (const [name, value] of Object.entries(here)) {
        const isId = name === 'run_id' || name === 'master_replid';
        if (isId) expect(value).to.have.lengthOf((there[name] ?? '').length);
        else if (name !== 'redis_version') {
          expect(`${name}:${there[name]}`).to.equal(`${name}:${value}`);
        }
      }
    }
    const hello = (reply: unknown): object => {
      const { proto, mode, role, modules } = reply as Record<string, unknown>;
      return { proto, mode, role, modules };
    };
    expect(hello(ours.execute(['HELLO', '3']))).to.deep.equal(
      hello(await client.sendCommand(['HELLO', '3'])),
    );
  });

  it('finds the same keys in as many steps as it needs', async () => {
    const ours = scripted();
    await client.sendCommand(['FLUSHALL']);
    for (let i = 0; i < 300; i++) {
      const args = ['SET', `${i % 3 === 0 ? 'q' : 'p'}:é${i}`, 'x'];
      ours.execute(args);
      await client.sendCommand(args);
    }
    for (const [glob, count] of [
      ['p:*', '7'],
      ['q:é?', '1000'],
      ['*', '1'],
    ] as const) {
      const here = await scanAll(glob, count, async (args) => ours.execute(args));
      const there = await scanAll(glob, count, (args) => client.sendCommand(args));
      expect(here.keys, glob).to.deep.equal(there.keys);
      expect(here.keys).to.not.have.lengthOf(0);
      expect(here.steps).to.equal(Math.ceil(300 / Number(count)));
    }
  });
});

function fieldsOf(info: unknown): Record<string, string> {
  const lines = String(info).split('\r\n');
  return Object.fromEntries(
    lines.filter((line) => line.includes(':')).map((line) => line.split(':') as [string, string]),
  );
}

async function scanAll(
  glob: string,
  count: string,
  ask: (args: string[]) => Promise<unknown>,
): Promise<{ keys: string[]; steps: number }> {
  const keys = new Set<string>();
  let cursor = '0';
  let taken = 0;
  do {
    const reply = await ask(['SCAN', cursor, 'MATCH', glob, 'COUNT', count]);
    if (reply instanceof ErrorReply) throw reply;
    const [next, found] = reply as [string, string[]];
    for (const key of found) keys.add(key);
    cursor = next;
    taken++;
  } while (cursor !== '0');
  return { keys: [...keys].sort(), steps: taken };
}
