// Not a fault of its own: what a long hang at full load does to the heap.

import type { Options } from '../../lib/part.js';
import { figure, firstLine, progress, say, table } from '../../lib/report.js';
import { now, sleep } from '../../lib/time.js';
import type { AppStats } from '../../workers/app.js';
import type { Phases } from './run.js';
import { World } from './world.js';

export const MEMORY = 'memory';

const HANG_MS = 60_000;
const LOADED_MS = 5_000;

interface Growth {
  readonly seconds: number;
  readonly growthMb: number;
  readonly rssMb: number;
}

export interface MemoryRun {
  readonly name: string;
  readonly growth?: Growth;
  readonly failed?: string;
}

export async function hangMemory(options: Options, phases: Phases): Promise<MemoryRun[]> {
  const names = options.only ?? (options.all ? ['ours (1000)', 'bento-tuned'] : ['ours (1000)']);
  const results: MemoryRun[] = [];
  for (const name of names) {
    const world = await World.build(name);
    try {
      results.push({ name, growth: await longHang(world, phases, options.hangMs ?? HANG_MS) });
    } catch (error) {
      results.push({ name, failed: firstLine(error) });
    } finally {
      await world.tearDown();
    }
  }
  say('\n### Memory in a hang at full load\n');
  const rows = results.map(({ name, growth, failed }) => [
    name,
    growth ? `${growth.seconds} s` : failed,
    `${figure(growth?.growthMb)} MB`,
    `${figure(growth?.rssMb)} MB`,
  ]);
  table(['subject', 'hang', 'heap growth after gc', 'resident set growth'], rows);
  return results;
}

async function longHang(world: World, { rate, work }: Phases, ms: number): Promise<Growth> {
  const port = await world.boot(world.redis.port, work);
  await world.warm();
  await world.visit({ rate, port, seed: 1 });
  await sleep(LOADED_MS);
  const before = await settled(world);
  world.redis.hang();
  const startedAt = now();
  while (now() < startedAt + ms) {
    const seconds = Math.round((now() - startedAt) / 1_000);
    progress(`outage: memory in a hang, ${world.name}, ${seconds} s`);
    await sleep(Math.min(5_000, Math.max(1, startedAt + ms - now())));
  }
  const after = await settled(world);
  world.redis.thaw();
  const used = (one: AppStats): number => (one.heapUsed + one.external) / 1e6;
  return {
    seconds: ms / 1_000,
    growthMb: used(after) - used(before),
    rssMb: (after.rss - before.rss) / 1e6,
  };
}

/** After two collections, because what a first one frees may hold more. */
async function settled(world: World): Promise<AppStats> {
  await world.stats(true);
  await sleep(200);
  return world.stats(true);
}
