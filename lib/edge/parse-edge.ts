import { invalid } from '../core/validate.js';
import { EDGE_MARK, type Edge } from './edge.js';

const SUBJECT = {
  name: 'edge',
  code: 'ERR_CACHE_OPTION',
  advice:
    "Import varnish, nginx, fastly, cloudflare, bunny or custom from 'express-cache-health/http-cache' and write edge: varnish({ url: 'http://127.0.0.1:6081' }).",
} as const;

/** @throws CacheHealthError `ERR_CACHE_OPTION` for anything that none of the functions made. */
export function parseEdge(given: unknown): Edge | undefined {
  if (given === undefined || isEdge(given)) return given;
  throw invalid(SUBJECT, 'what varnish() or another of them returned', given);
}

function isEdge(given: unknown): given is Edge {
  return typeof given === 'object' && given !== null && EDGE_MARK in given;
}
