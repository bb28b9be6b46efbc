import type { RootSigner } from '@app/integrity';
import type { Metrics } from '@app/observability';

/** Binds what is known of signed roots to the metrics of the service; without a key there is nothing to tell. */
export function tellOfRoots(metrics: Metrics, signer: RootSigner): void {
  if (!signer.figures) return;
  metrics.gauge('root_signed_position', 'The newest position that a signed root covers.', () => signer.figures?.position ?? 0, { aggregator: 'max' });
  metrics.gauge('root_signed_age_seconds', 'For how long there may be something in the log that no root covers.',
    () => signer.figures?.ageSeconds ?? 0, { aggregator: 'min' });
  metrics.gauge('root_alarm', '1 if roots that were there are gone or changed, so that nothing is signed.',
    () => (signer.figures?.isAlarmed ? 1 : 0), { aggregator: 'max' });
}
