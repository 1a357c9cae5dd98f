// What the application tells of itself, read by others: its traces by OpenTelemetry's own messages over grpc-js, its
// access log as JSON.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import grpc from "@grpc/grpc-js";
import { startApplication } from "./application.mjs";

const { opentelemetry } = createRequire(import.meta.url)("@opentelemetry/otlp-transformer/build/src/generated/root.js");
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const hex = (bytes) => Buffer.from(bytes).toString("hex");

const folder = await mkdtemp(join(tmpdir(), "tern-telemetry-"));
after(() => rm(folder, { recursive: true }));

/** A collector, and what it was told. */
async function startCollector() {
  const told = [];
  const server = new grpc.Server();
  server.addService(
    {
      Export: {
        path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        requestStream: false,
        responseStream: false,
        requestDeserialize: (bytes) => ExportTraceServiceRequest.decode(bytes),
        responseSerialize: (message) => Buffer.from(ExportTraceServiceResponse.encode(message).finish()),
      },
    },
    {
      Export(call, reply) {
        told.push(...call.request.resourceSpans);
        reply(null, {});
      },
    },
  );
  const port = await new Promise((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { server, told, target: `127.0.0.1:${port}` };
}

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
  const attributes = (list) => Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));
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
