"""Reads OTLP reports by the published schema; unknown fields and wrong types fail. Prints what is in them."""

import json
import sys

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

seen = {"spans": set(), "metrics": set(), "service": None}
for report in json.load(sys.stdin):
    if report["path"] == "/v1/traces":
        traces = Parse(report["body"], ExportTraceServiceRequest())
        for resource in traces.resource_spans:
            seen["service"] = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                assert span.end_time_unix_nano >= span.start_time_unix_nano > 0, span
                seen["spans"].add(span.name)
    elif report["path"] == "/v1/metrics":
        metrics = Parse(report["body"], ExportMetricsServiceRequest())
        for metric in (m for r in metrics.resource_metrics for s in r.scope_metrics for m in s.metrics):
            for point in metric.histogram.data_points:
                assert len(point.bucket_counts) == len(point.explicit_bounds) + 1, metric.name
                assert sum(point.bucket_counts) == point.count, metric.name
            seen["metrics"].add(metric.name)
    else:
        raise ValueError(report["path"])
print(json.dumps({key: sorted(value) if isinstance(value, set) else value for key, value in seen.items()}))
