// collector GRPC_ADDRESS HTTP_ADDRESS [PREFIX]: OpenTelemetry's own OTLP receiver, whose data goes to the checks below in place
// of a pipeline. On end of input it prints what came as one JSON object. Spans are kept when their trace id begins with
// PREFIX; others are only counted.
//
// A request must bring the header x-api-key: secret and a bearer token. Its data must survive Go's protobuf library, which,
// unlike the receiver, rejects strings that are not UTF-8.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/collector/client"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

type keptSpan struct {
	Trace      string         `json:"trace"`
	ID         string         `json:"id"`
	Parent     string         `json:"parent"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	State      string         `json:"state"`
	Attributes map[string]any `json:"attributes"`
}

type summary struct {
	Spans    int            `json:"spans"`
	Points   map[string]int `json:"points"` // data points of each metric
	Logs     int            `json:"logs"`
	Requests int            `json:"requests"`
	Rejected map[string]int `json:"rejected"` // requests, by the reason
	Resource map[string]any `json:"resource"` // of the last request
	Kept     []keptSpan     `json:"kept"`
}

type checks struct {
	mutex  sync.Mutex
	prefix string
	seen   summary
}

// accept counts a request. Its error goes back to the sender, which must not repeat the request.
func (c *checks) accept(ctx context.Context, data []byte, strict proto.Message) error {
	metadata := client.FromContext(ctx).Metadata
	key, token := metadata.Get("x-api-key"), metadata.Get("authorization")
	problem := ""
	switch err := proto.Unmarshal(data, strict); {
	case len(key) != 1 || key[0] != "secret":
		problem = fmt.Sprintf("x-api-key is %q", key)
	case len(token) != 1 || !strings.HasPrefix(token[0], "Bearer "):
		problem = fmt.Sprintf("authorization is %q", token)
	case err != nil:
		problem = err.Error()
	}
	c.seen.Requests++
	if problem == "" {
		return nil
	}
	c.seen.Rejected[problem]++
	return consumererror.NewPermanent(fmt.Errorf("rejected: %s", problem))
}

func (c *checks) takeTraces(ctx context.Context, data ptrace.Traces) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	bytes, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(data)
	if err != nil {
		return err
	}
	if err := c.accept(ctx, bytes, &traces.TracesData{}); err != nil {
		return err
	}
	for _, resource := range data.ResourceSpans().All() {
		c.seen.Resource = resource.Resource().Attributes().AsRaw()
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				c.seen.Spans++
				if strings.HasPrefix(span.TraceID().String(), c.prefix) {
					c.keep(span)
				}
			}
		}
	}
	return nil
}

func (c *checks) keep(span ptrace.Span) {
	c.seen.Kept = append(c.seen.Kept, keptSpan{span.TraceID().String(), span.SpanID().String(), span.ParentSpanID().String(),
		span.Name(), span.Kind().String(), span.TraceState().AsRaw(), span.Attributes().AsRaw()})
}

func (c *checks) takeMetrics(ctx context.Context, data pmetric.Metrics) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	bytes, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(data)
	if err != nil {
		return err
	}
	if err := c.accept(ctx, bytes, &metrics.MetricsData{}); err != nil {
		return err
	}
	for _, resource := range data.ResourceMetrics().All() {
		for _, scope := range resource.ScopeMetrics().All() {
			for _, metric := range scope.Metrics().All() {
				c.seen.Points[metric.Name()] += pointsOf(metric)
			}
		}
	}
	return nil
}

func pointsOf(metric pmetric.Metric) int {
	switch metric.Type() {
	case pmetric.MetricTypeGauge:
		return metric.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return metric.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return metric.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return metric.ExponentialHistogram().DataPoints().Len()
	}
	return 0
}

func (c *checks) takeLogs(ctx context.Context, data plog.Logs) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	bytes, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	if err != nil {
		return err
	}
	if err := c.accept(ctx, bytes, &logs.LogsData{}); err != nil {
		return err
	}
	c.seen.Logs += data.LogRecordCount()
	return nil
}

// listen starts one receiver for the three signals: the factory hands out the same one for the same configuration.
func (c *checks) listen(ctx context.Context, grpcAddress, httpAddress string) ([]component.Component, error) {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig().(*otlpreceiver.Config)
	grpc := config.Protocols.GRPC.GetOrInsertDefault()
	grpc.NetAddr.Endpoint = grpcAddress
	grpc.IncludeMetadata = true
	http := config.Protocols.HTTP.GetOrInsertDefault()
	http.ServerConfig.NetAddr.Endpoint = httpAddress
	http.ServerConfig.IncludeMetadata = true
	settings := receivertest.NewNopSettings(factory.Type())

	traces, err := consumer.NewTraces(c.takeTraces)
	if err != nil {
		return nil, err
	}
	metrics, err := consumer.NewMetrics(c.takeMetrics)
	if err != nil {
		return nil, err
	}
	logs, err := consumer.NewLogs(c.takeLogs)
	if err != nil {
		return nil, err
	}
	forTraces, err := factory.CreateTraces(ctx, settings, config, traces)
	if err != nil {
		return nil, err
	}
	forMetrics, err := factory.CreateMetrics(ctx, settings, config, metrics)
	if err != nil {
		return nil, err
	}
	forLogs, err := factory.CreateLogs(ctx, settings, config, logs)
	if err != nil {
		return nil, err
	}
	all := []component.Component{forTraces, forMetrics, forLogs}
	for _, one := range all {
		if err := one.Start(ctx, componenttest.NewNopHost()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func run(arguments []string) error {
	c := &checks{seen: summary{Points: map[string]int{}, Rejected: map[string]int{}}}
	if len(arguments) > 2 {
		c.prefix = arguments[2]
	}
	ctx := context.Background()
	started, err := c.listen(ctx, arguments[0], arguments[1])
	if err != nil {
		return err
	}
	fmt.Println("listening on", arguments[0])
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	for _, one := range started {
		if err := one.Shutdown(ctx); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(c.seen)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
