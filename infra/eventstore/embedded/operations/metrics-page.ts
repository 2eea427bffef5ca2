import type { Metric } from '../../../../src/runtime/metrics/metric.ts';
import { prometheusContentType, prometheusText } from '../../../../src/runtime/metrics/prometheus-text.ts';
import type { Page } from '../grpc/http-pages.ts';

/** The node's metrics as Prometheus reads them. */
export function metricsPage(metrics: readonly Metric[]): Page {
  return {
    status: 200,
    contentType: prometheusContentType,
    body: prometheusText('hongbao_event_node_', metrics),
  };
}
