// The other half of gRPC's interoperability tests, on @grpc/grpc-js: js_half.mjs PROTO_DIR server | client TARGET [CA_FILE]
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages stand beside the other programs on them.
const require = createRequire(new URL("../js/probe.mjs", import.meta.url));
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [protos, role, target, caFile] = process.argv.slice(2);
const definition = loader.loadSync(`${protos}/grpc/testing/test.proto`, {
  keepCase: true, longs: Number, defaults: true, includeDirs: [protos],
});
const testing = grpc.loadPackageDefinition(definition).grpc.testing;

const ECHO_INITIAL = "x-grpc-test-echo-initial";
const ECHO_TRAILING = "x-grpc-test-echo-trailing-bin";
const REQUEST_SIZES = [27182, 8, 1828, 45904];
const RESPONSE_SIZES = [31415, 9, 2653, 58979];

function serve() {
  const echo = (call) => {
    const initial = new grpc.Metadata();
    for (const value of call.metadata.get(ECHO_INITIAL)) initial.add(ECHO_INITIAL, value);
    if (Object.keys(initial.getMap()).length > 0) call.sendMetadata(initial);
    const trailing = new grpc.Metadata();
    for (const value of call.metadata.get(ECHO_TRAILING)) trailing.add(ECHO_TRAILING, value);
    return trailing;
  };
  const statusOf = (request) => {
    const wanted = request.response_status;
    return wanted?.code ? { code: wanted.code, details: wanted.message } : null;
  };
  const unary = (call, reply) => {
    const trailing = echo(call);
    const error = statusOf(call.request);
    if (error) return reply({ ...error, metadata: trailing });
    const [bearer = ""] = call.metadata.get("authorization");
    reply(null, {
      payload: { body: Buffer.alloc(call.request.response_size) },
      username: call.request.fill_username ? bearer.replace("Bearer ", "") : "",
      server_id: "js",
    }, trailing);
  };
  // One answer after the other, each after its interval.
  const send = async (call, parameters) => {
    for (const { size, interval_us: interval } of parameters) {
      if (interval > 0) await new Promise((resolve) => setTimeout(resolve, interval / 1000));
      if (call.cancelled) return;
      if (!call.write({ payload: { body: Buffer.alloc(size) } })) await once(call, "drain");
    }
  };
  const server = new grpc.Server();
  server.addService(testing.TestService.service, {
    EmptyCall: (call, reply) => reply(null, {}, echo(call)),
    UnaryCall: unary,
    CacheableUnaryCall: unary,
    async StreamingOutputCall(call) {
      const trailing = echo(call);
      await send(call, call.request.response_parameters);
      call.end(trailing);
    },
    StreamingInputCall(call, reply) {
      const trailing = echo(call);
      let size = 0;
      call.on("data", (request) => (size += request.payload.body.length));
      call.on("end", () => reply(null, { aggregated_payload_size: size }, trailing));
    },
    FullDuplexCall(call) {
      const trailing = echo(call);
      let sent = Promise.resolve();
      let failed = false;
      call.on("data", (request) => {
        const error = statusOf(request);
        if (error) {
          failed = true;
          call.emit("error", error);
        }
        sent = sent.then(() => send(call, request.response_parameters));
      });
      call.on("end", () => sent.then(() => failed || call.end(trailing)));
      call.on("error", () => {});
    },
  });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    console.log(`port ${port}`);
  });
  process.on("SIGTERM", () => {
    server.forceShutdown();
    process.exit(0);
  });
}

const largeRequest = (more = {}) => ({ response_size: 314159, payload: { body: Buffer.alloc(271828) }, ...more });
const outputRequest = (responseSize, payloadSize) => ({
  response_parameters: [{ size: responseSize }], payload: { body: Buffer.alloc(payloadSize) },
});

async function client() {
  const credentials = caFile
    ? grpc.credentials.createSsl(readFileSync(caFile))
    : grpc.credentials.createInsecure();
  const stub = new testing.TestService(target, credentials);
  // One unary call: what came, or the error, and its metadata.
  const ask = (method, request, { metadata = new grpc.Metadata(), on = stub, ...options } = {}) =>
    new Promise((resolve) => {
      const result = {};
      const call = on[method](request, metadata, options, (error, response) => {
        Object.assign(result, { error, response });
        if (error) resolve(result);
      });
      call.on("metadata", (initial) => (result.initial = initial));
      call.on("status", (status) => {
        result.trailing = status.metadata;
        if (!result.error) setImmediate(resolve, result);
      });
    });
  const collect = async (stream) => {
    const sizes = [];
    for await (const response of stream) sizes.push(response.payload.body.length);
    return sizes;
  };

  assert.equal((await ask("EmptyCall", {})).error, null);
  assert.equal((await ask("CacheableUnaryCall", largeRequest())).response.payload.body.length, 314159);
  assert.equal((await ask("UnaryCall", largeRequest())).response.payload.body.length, 314159);
  // Compression, of either side.
  const expected = { expect_compressed: { value: true } };
  assert.equal((await ask("UnaryCall", largeRequest(expected))).error.code, grpc.status.INVALID_ARGUMENT);
  for (const algorithm of [grpc.compressionAlgorithms.gzip, grpc.compressionAlgorithms.deflate]) {
    const compressing = new testing.TestService(target, credentials, {
      "grpc.default_compression_algorithm": algorithm,
    });
    assert.equal((await ask("UnaryCall", largeRequest(expected), { on: compressing })).error, null);
    compressing.close();
  }
  for (const value of [true, false]) {
    const answer = await ask("UnaryCall", largeRequest({ response_compressed: { value } }));
    assert.equal(answer.response.payload.body.length, 314159);
  }
  const compressed = RESPONSE_SIZES.map((size) => ({ size, compressed: { value: true } }));
  assert.deepEqual(await collect(stub.StreamingOutputCall({ response_parameters: compressed })), RESPONSE_SIZES);
  // Streams.
  const sum = await new Promise((resolve, reject) => {
    const call = stub.StreamingInputCall((error, response) => (error ? reject(error) : resolve(response)));
    for (const size of REQUEST_SIZES) call.write({ payload: { body: Buffer.alloc(size) } });
    call.end();
  });
  assert.equal(sum.aggregated_payload_size, 74922);
  for (const method of ["FullDuplexCall", "HalfDuplexCall"]) {
    const call = stub[method]();
    RESPONSE_SIZES.forEach((size, i) => call.write(outputRequest(size, REQUEST_SIZES[i])));
    call.end();
    assert.deepEqual(await collect(call), RESPONSE_SIZES);
  }
  const pingPong = stub.FullDuplexCall();
  for (let i = 0; i < RESPONSE_SIZES.length; i++) {
    pingPong.write(outputRequest(RESPONSE_SIZES[i], REQUEST_SIZES[i]));
    const [pong] = await once(pingPong, "data");
    assert.equal(pong.payload.body.length, RESPONSE_SIZES[i]);
  }
  pingPong.end();
  await once(pingPong, "end");
  const empty = stub.FullDuplexCall();
  empty.end();
  assert.deepEqual(await collect(empty), []);
  // Metadata, statuses.
  const metadata = new grpc.Metadata();
  metadata.set(ECHO_INITIAL, "test_initial_metadata_value");
  metadata.set(ECHO_TRAILING, Buffer.from("ababab", "hex"));
  const echoed = await ask("UnaryCall", largeRequest(), { metadata });
  assert.deepEqual(echoed.initial.get(ECHO_INITIAL), ["test_initial_metadata_value"]);
  assert.deepEqual(echoed.trailing.get(ECHO_TRAILING), [Buffer.from("ababab", "hex")]);
  for (const message of ["test status message", "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"]) {
    const { error } = await ask("UnaryCall", { response_status: { code: 2, message } });
    assert.deepEqual([error.code, error.details], [grpc.status.UNKNOWN, message]);
  }
  assert.equal((await ask("UnimplementedCall", {})).error.code, grpc.status.UNIMPLEMENTED);
  const other = new testing.UnimplementedService(target, credentials);
  assert.equal((await ask("UnimplementedCall", {}, { on: other })).error.code, grpc.status.UNIMPLEMENTED);
  other.close();
  // Cancellation, deadlines.
  const cancel = (call) => new Promise((resolve) => {
    call.on("error", () => {});
    call.on("status", ({ code }) => resolve(code));
    call.cancel();
  });
  assert.equal(await cancel(stub.StreamingInputCall(() => {})), grpc.status.CANCELLED);
  const cancelled = stub.FullDuplexCall();
  cancelled.write(outputRequest(31415, 27182));
  await once(cancelled, "data");
  assert.equal(await cancel(cancelled), grpc.status.CANCELLED);
  const sleeping = stub.StreamingOutputCall({ response_parameters: [{ size: 1, interval_us: 10_000_000 }] },
                                            { deadline: Date.now() + 50 });
  await assert.rejects(collect(sleeping), { code: grpc.status.DEADLINE_EXCEEDED });
  const bearer = new grpc.Metadata();
  bearer.set("authorization", "Bearer somebody");
  const named = await ask("UnaryCall", { fill_username: true }, { metadata: bearer });
  assert.equal(named.response.username, "somebody");
  const many = await Promise.all(Array.from({ length: 100 }, () => ask("UnaryCall", largeRequest())));
  assert.ok(many.every(({ response }) => response.payload.body.length === 314159));
  stub.close();
  console.log("grpc-js's half: ok");
}

if (role === "server") {
  serve();
} else {
  await client();
  process.exit(0);  // grpc-js waits for ever for a call that was cancelled as soon as it was made, whatever the server
}
