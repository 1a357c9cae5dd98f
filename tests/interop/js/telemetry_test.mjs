// What the application tells of itself, read by others: its traces, metrics and log records by OpenTelemetry's own
// messages over grpc-js, its access log as JSON.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import grpc from "@grpc/grpc-js";
import { startApplication, startApplicationWith } from "./application.mjs";

const { opentelemetry } = createRequire(import.meta.url)("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const { collector: collectors } = opentelemetry.proto;

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const hex = (bytes) => Buffer.from(bytes).toString("hex");

const folder = await mkdtemp(join(tmpdir(), "tern-telemetry-"));
after(() => rm(folder, { recursive: true }));

/** One of the collector's services; it adds the field `told` of each request to that list. */
function service(name, request, response, field, told) {
  const method = {
    path: `/opentelemetry.proto.collector.${name}/Export`,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => Buffer.from(response.encode(message).finish()),
  };
  const Export = (call, reply) => {
    told.push(...call.request[field]);
    reply(null, {});
  };
  return [{ Export: method }, { Export }];
}

/** A collector, and what it was told. */
async function startCollector() {
  const told = [];
  const metrics = [];
  const logs = [];
  const server = new grpc.Server();
  const { trace, metrics: ofMetrics, logs: ofLogs } = collectors;
  const { ExportTraceServiceRequest, ExportTraceServiceResponse } = trace.v1;
  const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = ofMetrics.v1;
  const { ExportLogsServiceRequest, ExportLogsServiceResponse } = ofLogs.v1;
  server.addService(...service("trace.v1.TraceService", ExportTraceServiceRequest, ExportTraceServiceResponse, "resourceSpans", told));
  server.addService(
    ...service("metrics.v1.MetricsService", ExportMetricsServiceRequest, ExportMetricsServiceResponse, "resourceMetrics", metrics),
  );
  server.addService(...service("logs.v1.LogsService", ExportLogsServiceRequest, ExportLogsServiceResponse, "resourceLogs", logs));
  const port = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { server, told, metrics, logs, target: `127.0.0.1:${port}` };
}

/** An attribute list as an object. */
const attributesOf = (list) => Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));

test("traces and access lines of a REST request and of a call", async () => {
  const collector = await startCollector();
  const log = join(folder, "access.log");
  after(() => collector.server.forceShutdown());
  const options = ["--rest", "127.0.0.1:0", "--delay-ms", "1", "--trace-collector", collector.target, "--access-log", log];
  const { server, port } = await startApplication(...options);
  after(() => server.kill("SIGKILL"));
  const traceparent = `00-${traceId}-${parentId}-01`;
  const address = `http://127.0.0.1:${port}`;

  const user = await fetch(`${address}/v1/users/1`, { headers: { traceparent } });
  assert.equal(user.status, 200);
  assert.equal((await user.json()).id, "1");
  const missing = await fetch(`${address}/v1/users/999`);
  assert.equal(missing.status, 404);
  await missing.text();

  const exited = once(server, "exit");
  server.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);

  const [{ resource }] = collector.told;
  const attributes = attributesOf;
  assert.equal(attributes(resource.attributes)["service.name"], "userchat");
  const spans = collector.told.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const traced = spans.filter((span) => hex(span.traceId) === traceId);
  assert.deepEqual(traced.map(({ name }) => name).sort(), ["GET /v1/users/{id}", "user.v1.UserService/GetUser"]);
  const request = traced.find(({ name }) => name.startsWith("GET"));
  const call = traced.find(({ name }) => !name.startsWith("GET"));
  assert.equal(hex(request.parentSpanId), parentId);
  assert.equal(hex(call.parentSpanId), hex(request.spanId));
  assert.equal(attributes(call.attributes)["rpc.response.status_code"], "OK");
  assert.equal(attributes(request.attributes)["http.response.status_code"], 200);
  assert.ok(Number(call.endTimeUnixNano) - Number(call.startTimeUnixNano) >= 1_000_000);
  assert.ok(Math.abs(Number(call.endTimeUnixNano) / 1e6 - Date.now()) < 60_000);

  const lines = (await readFile(log, "utf8")).trim().split("\n").map((line) => JSON.parse(line));
  const brief = lines.map(({ protocol, method, path, status }) => [protocol, method, path, status]);
  assert.deepEqual(brief, [
    ["grpc", "/user.v1.UserService/GetUser", undefined, "OK"],
    ["http", "GET", "/v1/users/1", 200],
    ["grpc", "/user.v1.UserService/GetUser", undefined, "NOT_FOUND"],
    ["http", "GET", "/v1/users/999", 404],
  ]);
  assert.equal(lines[0].trace_id, traceId);
  assert.equal(lines[0].span_id, hex(call.spanId));
  assert.equal(lines[1].span_id, hex(request.spanId));
});

/** Runs the application for one request, and ends it. */
async function serveOneRequest(variables, ...options) {
  const all = ["--rest", "127.0.0.1:0", "--delay-ms", "1", ...options];
  const { server, port } = await startApplicationWith(variables, ...all);
  after(() => server.kill("SIGKILL"));
  const user = await fetch(`http://127.0.0.1:${port}/v1/users/1`, { headers: { traceparent: `00-${traceId}-${parentId}-01` } });
  assert.equal(user.status, 200);
  await user.text();
  const exited = once(server, "exit");
  server.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
}

test("--otlp sends traces, metrics and log records", async () => {
  const collector = await startCollector();
  after(() => collector.server.forceShutdown());
  await serveOneRequest({}, "--otlp", collector.target);
  for (const all of [collector.told, collector.metrics, collector.logs]) {
    assert.equal(attributesOf(all[0].resource.attributes)["service.name"], "userchat");
  }
  const spans = collector.told.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  const metrics = collector.metrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const records = collector.logs.flatMap(({ scopeLogs }) => scopeLogs.flatMap((scope) => scope.logRecords));

  const duration = metrics.findLast(({ name }) => name === "http.server.request.duration");
  assert.equal(duration.unit, "s");
  assert.equal(duration.histogram.aggregationTemporality, 2);
  const [point] = duration.histogram.dataPoints;
  assert.deepEqual(attributesOf(point.attributes), {
    "http.request.method": "GET",
    "url.scheme": "http",
    "http.response.status_code": 200,
    "http.route": "/v1/users/{id}",
  });
  assert.equal(Number(point.count), 1);
  assert.equal(hex(point.exemplars[0].traceId), traceId);
  assert.ok(spans.some((span) => hex(span.spanId) === hex(point.exemplars[0].spanId)));

  const started = records.find(({ body }) => body.stringValue.startsWith("REST server started on port"));
  assert.equal(started.severityNumber, 9);
  assert.equal(started.severityText, "info");
  assert.ok(records.some(({ body }) => body.stringValue === "Shutting down..."));
});

test("--otlp environment heeds each signal's exporter", async () => {
  const collector = await startCollector();
  after(() => collector.server.forceShutdown());
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector.target}`,
    OTEL_METRICS_EXPORTER: "none",
    OTEL_SERVICE_NAME: "by another name",
  };
  await serveOneRequest(variables, "--otlp", "environment");
  assert.equal(attributesOf(collector.told[0].resource.attributes)["service.name"], "by another name");
  assert.notEqual(collector.logs.length, 0);
  assert.equal(collector.metrics.length, 0);
});
