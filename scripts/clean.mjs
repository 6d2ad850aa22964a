// Removes the folders given as arguments; only inside the repository.
import { rmSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

for (const folder of process.argv.slice(2)) {
  const path = resolve(root, folder);
  const inside = relative(root, path);
  if (inside === '' || inside.startsWith('..'))
    throw new Error(`${folder} is not in the repository`);
  rmSync(path, { recursive: true, force: true });
}
