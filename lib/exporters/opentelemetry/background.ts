import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { surroundBackground } from '../../core/background.js';

/** The key is registered for the process, so it is the one that the SDK looks at. */
const SUPPRESSED = ROOT_CONTEXT.setValue(
  createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'),
  true,
);

/**
 * Hides the package's background work from tracers: two heartbeats a second would be two traces a second, for
 * ever.
 */
export function hideBackground(): void {
  surroundBackground((task) => context.with(SUPPRESSED, task));
}
