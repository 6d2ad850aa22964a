/** Our member of the `Cache-Status` list (RFC 9211). */
export function cacheStatus(...parameters: readonly string[]): string {
  return ['express-cache-health', ...parameters].join('; ');
}
