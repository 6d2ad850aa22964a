// The best that memory could do: a rule of replacement that knows all later requests (Belady, 1966).

/** The share of requests that find their value in `places`, of which `warmed` are taken at first. */
export function hitRatioByForesight(
  requests: readonly string[],
  warmed: readonly string[],
  places: number,
): number {
  const held = new Set(warmed.slice(0, places));
  let hits = 0;
  for (const [i, id] of requests.entries()) {
    if (held.has(id)) {
      hits++;
      continue;
    }
    if (held.size >= places) held.delete(usedLast(held, requests, i));
    held.add(id);
  }
  return hits / requests.length;
}

/** Which of these is asked for latest after `from`, or never. */
function usedLast(ids: ReadonlySet<string>, requests: readonly string[], from: number): string {
  const waiting = new Set(ids);
  let last = '';
  for (let i = from + 1; i < requests.length && waiting.size > 0; i++) {
    const id = requests[i] as string;
    if (waiting.delete(id)) last = id;
  }
  const [never] = waiting;
  return never ?? last;
}
