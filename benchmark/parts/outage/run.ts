// One subject through one fault.

import { type Analysis, analyse, type Marks } from '../../lib/phases.js';
import { firstLine } from '../../lib/report.js';
import { now, sleep } from '../../lib/time.js';
import type { AppStats } from '../../workers/app.js';
import { FAULTS, type Fault } from './faults.js';
import { World } from './world.js';

/** How long each part of a run lasts, and what visitors and requests are like. */
export interface Phases {
  readonly warmMs: number;
  readonly beforeMs: number;
  readonly duringMs: number;
  readonly afterMs: number;
  readonly rate: number;
  readonly work: number;
}

export interface Good extends Analysis {
  readonly fault: string;
  readonly name: string;
  readonly round: number;
  readonly listeningMs: number;
  readonly backMs: number;
  readonly status: unknown;
  readonly failed?: undefined;
}

export interface Failed {
  readonly fault: string;
  readonly name: string;
  readonly round: number;
  readonly failed: string;
}

export type Run = Good | Failed;

export const isGood = (run: Run): run is Good => run.failed === undefined;

export async function run(
  fault: string,
  name: string,
  phases: Phases,
  round: number,
): Promise<Run> {
  const about = { fault, name, round };
  const world = await World.build(name);
  try {
    return { ...about, ...(await through(FAULTS[fault] as Fault, world, phases, round)) };
  } catch (error) {
    return { ...about, failed: firstLine(error) };
  } finally {
    await world.tearDown();
  }
}

type Measured = Omit<Good, 'fault' | 'name' | 'round'>;

async function through(
  fault: Fault,
  world: World,
  phases: Phases,
  round: number,
): Promise<Measured> {
  const isFromBoot = fault.isFromBoot === true;
  const redisPort = await world.redisPort(fault);
  const askedAt = now();
  const port = await world.boot(redisPort, phases.work, isFromBoot ? phases.duringMs : undefined);
  const listeningMs = now() - askedAt;
  if (!isFromBoot) await world.warm();
  const readsAtLoad = await world.reads(0);
  await world.visit({ rate: phases.rate, port, seed: round + 1 });
  const loadAt = now();
  if (!isFromBoot) await sleep(phases.warmMs);
  const beforeAt = now();
  if (!isFromBoot) await sleep(phases.beforeMs);
  const reads = (await world.reads(0)) - readsAtLoad;
  const atFault = await world.stats();
  const faultAt = now();
  if (!isFromBoot) await fault.begin(world);
  const samples = await sampleFor(world, phases.duringMs, faultAt);
  const repairAt = now();
  const atRepair = await world.stats();
  await fault.end(world);
  const readsPerMs = reads / Math.max(1, faultAt - loadAt);
  const backMs = await world.backOnRedis(readsPerMs, repairAt + phases.afterMs);
  await sleep(Math.max(0, repairAt + phases.afterMs - now()));
  const marks: Marks = { beforeAt, faultAt, repairAt, endAt: now() };
  const stats = { atFault, atRepair, atEnd: await world.stats(), samples };
  const log = await world.load.call('stop');
  const status = await world.app.call('status');
  return { listeningMs, backMs, status, ...analyse(log, marks, stats) };
}

/** What the application has counted, by the second. */
async function sampleFor(world: World, ms: number, from: number): Promise<AppStats[]> {
  const samples: AppStats[] = [];
  while (now() < from + ms) {
    await sleep(Math.min(1_000, Math.max(1, from + ms - now())));
    samples.push(await world.stats());
  }
  return samples;
}
