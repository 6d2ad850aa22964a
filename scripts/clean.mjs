// Removes the folders given as arguments; only inside the repository.
import { rmSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = process.argv.slice(2);
const strays = folders.filter((folder) => !isInside(resolve(root, folder)));

// All are looked at before any is removed.
if (folders.length === 0 || strays.length > 0) {
  const given = strays.length > 0 ? `got ${strays.join(', ')}` : 'got none';
  console.error(`clean.mjs must be given folders inside the repository, ${given}.`);
  process.exitCode = 1;
} else {
  for (const folder of folders) {
    rmSync(resolve(root, folder), { recursive: true, force: true, maxRetries: 3 });
  }
}

function isInside(path) {
  const way = relative(root, path);
  // Another drive of Windows has no relative way.
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
