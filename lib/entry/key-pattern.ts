import { compileGlob } from '../core/glob.js';
import { RESERVED } from './layout.js';

/**
 * A matcher for the pattern of a `clear`. It matches keys of its own namespace alone: neither those of a namespace
 * below, nor the package's own records. The pattern `*` matches everything.
 */
export function compilePattern(pattern: string): (key: string) => boolean {
  const matches = compileGlob(pattern);
  if (pattern === '*') return matches;
  const depth = depthOf(pattern);
  return (key) => depthOf(key) === depth && matches(key);
}

/** How many names of namespaces, or of the package itself, stand before the user's part of a key or pattern. */
export function depthOf(text: string): number {
  let depth = 0;
  for (let at = text.indexOf(RESERVED); at !== -1; at = text.indexOf(RESERVED, at + 1)) depth++;
  return depth;
}
