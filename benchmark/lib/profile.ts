// Whose functions a process is busy with, by V8's own profiler.

import { Session } from 'node:inspector/promises';
import { sleep } from './time.js';

/** Not busy, or the profiler's own. */
const IDLE = new Set(['(idle)', '(root)']);

/** The share of the busy time, in per cent, that functions of these files have themselves. */
export async function shareOf(isOurs: (url: string) => boolean, ms: number): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  await sleep(ms);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  let busy = 0;
  let own = 0;
  for (const id of profile.samples ?? []) {
    const frame = frames.get(id);
    if (frame === undefined || IDLE.has(frame.functionName)) continue;
    busy++;
    if (isOurs(frame.url)) own++;
  }
  return (own / busy) * 100;
}
