import type { OpenApiFragment, OpenApiOptions } from './openapi/openapi.js';

/**
 * Describes the endpoints of a health router.
 *
 * @throws CacheHealthError `ERR_HEALTH_OPTION` for a wrong option.
 */
export function healthOpenApi(options?: OpenApiOptions): OpenApiFragment {
  const openapi = require('./openapi/openapi.js') as typeof import('./openapi/openapi.js');
  return openapi.healthOpenApi(options);
}
