import type { GroupFreshness } from '../api/freshness.js';
import { errorText, redact } from '../core/redact/redact.js';

const PATIENCE_MS = 5_000;

/** What a process says of itself at `/health/ui/snapshot`, as far as it is shown here. */
export interface ProcessAdvice {
  readonly instance: string;
  readonly pid: number;
  readonly version: string;
  readonly name: string;
  readonly groups: readonly GroupFreshness[];
}

/** A process cannot be asked. The message says what to do. */
export class Problem extends Error {}

/** Where a router shows its snapshot. Accepts the address of the router, or of its page. */
export function snapshotAddress(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new Problem(
      `'${redact(given)}' is no address. Write it as http://localhost:3000/health, where healthRouter() is mounted.`,
    );
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '').replace(/\/ui(?:\/snapshot)?$/, '')}/ui/snapshot`;
  return url;
}

/** Reads `name: value`. */
export function headersOf(given: readonly string[]): Headers {
  const headers = new Headers();
  for (const text of given) {
    const [, name = '', value = ''] = /^([^:]+):(.*)$/s.exec(text) ?? [];
    try {
      headers.append(name.trim(), value.trim());
    } catch {
      throw new Problem("--header must be 'name: value', such as 'authorization: Bearer …'.");
    }
  }
  return headers;
}

/** @throws Problem if the process cannot be asked, or watches no keys. */
export async function readSnapshot(address: URL, headers: Headers): Promise<ProcessAdvice> {
  const where = shown(address);
  const { status, text } = await answerOf(address, headers);
  if (status === 404) {
    throw new Problem(
      `There is no ${where}. Switch the page on with healthRouter({ ui: true }), and give the address of the router. If it has details: 'authorized', pass what authorize() wants with --header.`,
    );
  }
  if (status !== 200) {
    throw new Problem(`${where} answers ${status}. If it wants a login, pass it with --header.`);
  }
  const advice = parse(text);
  if (advice === undefined) {
    throw new Problem(
      `${where} answers something else than the page of a healthRouter() of this version.`,
    );
  }
  if (advice.groups.length > 0) return advice;
  throw new Problem(
    `The cache at ${where} watches no keys. Write createCache({ freshness: { observe: ['product:'] } }).`,
  );
}

async function answerOf(
  address: URL,
  headers: Headers,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const url = new URL(address);
    // Each address has credentials of its own.
    const own = new Headers(headers);
    const { username, password } = url;
    if (username !== '' && !own.has('authorization')) {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      own.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
    }
    [url.username, url.password] = ['', ''];
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { headers: own, signal, redirect: 'error' });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new Problem(`${shown(address)} does not answer: ${reasonOf(error)}. Is it running?`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `after ${PATIENCE_MS / 1_000} s`;
  return errorText(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

function parse(text: string): ProcessAdvice | undefined {
  try {
    const { instance, pid, version, cache, freshness } = JSON.parse(text);
    if (!Array.isArray(freshness) || !freshness.every(isGroup)) return undefined;
    return { instance, pid, version, name: String(cache?.name ?? 'cache'), groups: freshness };
  } catch {
    return undefined;
  }
}

function isGroup(given: Partial<GroupFreshness> | null): boolean {
  return typeof given?.group === 'string' && Array.isArray(given.lifetimes);
}

/** Without credentials. */
function shown(address: URL): string {
  return `${address.origin}${address.pathname}`;
}
