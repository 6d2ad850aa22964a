// Metrics and spans for OpenTelemetry, by the optional peer @opentelemetry/api. Importing this hides the package's
// background work from tracers.

import { hideBackground } from './exporters/opentelemetry/background.js';

export { instrumentCache } from './exporters/opentelemetry/instrument-cache.js';
export type { InstrumentOptions } from './exporters/opentelemetry/options.js';
export type { MetricsSource } from './exporters/sources.js';

hideBackground();
