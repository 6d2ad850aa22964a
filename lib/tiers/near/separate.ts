/** Some keys of a call, and their places in it. */
interface Part {
  readonly keys: string[];
  readonly at: number[];
}

/** The keys that `isFirst` accepts, and the others. */
export function separate(keys: readonly string[], isFirst: (key: string) => boolean): [Part, Part] {
  const parts: [Part, Part] = [
    { keys: [], at: [] },
    { keys: [], at: [] },
  ];
  keys.forEach((key, i) => {
    const part = parts[isFirst(key) ? 0 : 1];
    part.keys.push(key);
    part.at.push(i);
  });
  return parts;
}
