// Every kind of call from grpc-js to tern's server of probe.proto: client.mjs TARGET
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { grpc, Probe } from "./probe.mjs";

const target = process.env.TARGET;
const client = new Probe(target, grpc.credentials.createInsecure(), { "grpc.max_receive_message_length": 50 << 20 });
const bytes = Buffer.from([0, 255, 128, 1, 32]);
after(() => client.close());

function unary(order, metadata = new grpc.Metadata(), options = {}) {
  const seen = {};
  return new Promise((resolve, reject) => {
    const call = client.Unary(order, metadata, options, (error, reply) =>
      error ? reject(error) : setImmediate(() => resolve({ reply, ...seen })));
    call.on("metadata", (initial) => (seen.initial = initial));
    call.on("status", (status) => (seen.trailing = status.metadata));
  });
}

async function collect(call) {
  const all = [];
  for await (const payload of call) all.push(payload);
  return all;
}

test("unary", async () => {
  const { reply } = await unary({ number: 42, text: "안녕" });
  assert.deepEqual([reply.number, reply.text], [42, "안녕"]);
});

test("error with UTF-8 details", async () => {
  const details = "사용자 9 — 100% 없음\n";
  await assert.rejects(unary({ status: 5, details }), { code: grpc.status.NOT_FOUND, details });
});

test("server stream", async () => {
  const payloads = await collect(client.Download({ count: 100, size: 1000 }));
  assert.deepEqual(payloads.map((p) => p.number), Array.from({ length: 100 }, (_, i) => i));
});

test("client stream", async () => {
  const sum = await new Promise((resolve, reject) => {
    const call = client.Upload((error, reply) => (error ? reject(error) : resolve(reply)));
    for (let i = 0; i < 100; i++) call.write({ data: Buffer.alloc(1000) });
    call.end();
  });
  assert.equal(sum.text, "100000");
});

test("bidirectional stream", async () => {
  const call = client.Echo();
  for (let i = 0; i < 100; i++) call.write({ number: i });
  call.end();
  assert.equal((await collect(call)).length, 100);
});

test("metadata, binary too", async () => {
  const metadata = new grpc.Metadata();
  metadata.set("echo-initial-bin", bytes);
  metadata.set("echo-trailing-bin", bytes);
  const { initial, trailing } = await unary({}, metadata);
  assert.deepEqual(initial.get("echo-initial-bin"), [bytes]);
  assert.deepEqual(trailing.get("echo-trailing-bin"), [bytes]);
});

test("deadline", async () => {
  await assert.rejects(unary({ wait_us: 5_000_000 }, new grpc.Metadata(), { deadline: Date.now() + 100 }),
    { code: grpc.status.DEADLINE_EXCEEDED });
});

test("cancellation", async () => {
  const call = client.Download({ count: 1_000_000, size: 1000 });
  await assert.rejects(async () => {
    for await (const payload of call) if (payload.number === 0) call.cancel();
  }, { code: grpc.status.CANCELLED });
});

test("8 MiB message", async () => {
  const call = client.Echo();
  const data = Buffer.alloc(8 << 20, "l");
  call.write({ data });
  call.end();
  const [back] = await collect(call);
  assert.ok(back.data.equals(data));
});

test("unimplemented method", async () => {
  await assert.rejects(new Promise((resolve, reject) => {
    client.Unwritten({}, (error, reply) => (error ? reject(error) : resolve(reply)));
  }), { code: grpc.status.UNIMPLEMENTED });
});
