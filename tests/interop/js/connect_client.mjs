// @connectrpc/connect-node against a port where tern takes every protocol: each kind of call, in each of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcTransport, createGrpcWebTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Probe } from "./generated/probe_pb.js";

const baseUrl = `http://${process.env.TARGET}`;
const gzip = { acceptCompression: [compressionGzip], sendCompression: compressionGzip, compressMinBytes: 1 };

const sessions = [];
/** One connection for a transport over HTTP/2, to be closed at the end. */
function http2() {
  const sessionManager = new Http2SessionManager(baseUrl);
  sessions.push(sessionManager);
  return { httpVersion: "2", sessionManager };
}
test.after(() => sessions.forEach((session) => session.abort()));

const transports = {
  "Connect, JSON, HTTP/1.1": createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect, binary, HTTP/1.1": createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true }),
  "Connect, JSON, HTTP/2": createConnectTransport({ baseUrl, ...http2(), useBinaryFormat: false }),
  "Connect, binary, gzip, HTTP/2": createConnectTransport({ baseUrl, ...http2(), useBinaryFormat: true, ...gzip }),
  "gRPC-Web, HTTP/1.1": createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "gRPC-Web, JSON, HTTP/2": createGrpcWebTransport({ baseUrl, ...http2(), useBinaryFormat: false }),
  "gRPC-Web, gzip, HTTP/2": createGrpcWebTransport({ baseUrl, ...http2(), ...gzip }),
  "gRPC, HTTP/2": createGrpcTransport({ baseUrl, ...http2() }),
};

async function collect(stream) {
  const all = [];
  for await (const payload of stream) all.push(payload);
  return all;
}
async function* payloads(count) {
  for (let i = 0; i < count; ++i) yield { number: BigInt(i), data: new Uint8Array(100) };
}

for (const [name, transport] of Object.entries(transports)) {
  const client = createClient(Probe, transport);

  test(`${name}: unary, with metadata both ways`, async () => {
    let header;
    let trailer;
    const reply = await client.unary(
      { number: 42n, text: "안녕", size: 1000 },
      {
        headers: { "echo-initial": "one", "echo-trailing": "two" },
        onHeader: (headers) => (header = headers),
        onTrailer: (trailers) => (trailer = trailers),
      },
    );
    assert.deepEqual([reply.number, reply.text, reply.data.length], [42n, "안녕", 1000]);
    assert.equal(header.get("echo-initial"), "one");
    assert.equal(trailer.get("echo-trailing"), "two");
  });

  test(`${name}: an error with UTF-8 details`, async () => {
    const details = "사용자 9 — 100% 없음";
    await assert.rejects(client.unary({ status: 5, details }), (error) => {
      assert.ok(error instanceof ConnectError);
      assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, details]);
      return true;
    });
  });

  test(`${name}: a method that is not there`, async () => {
    await assert.rejects(client.unwritten({}), { code: Code.Unimplemented });
  });

  test(`${name}: a deadline`, async () => {
    await assert.rejects(client.hang({}, { timeoutMs: 50 }), { code: Code.DeadlineExceeded });
  });

  test(`${name}: server stream`, async () => {
    const all = await collect(client.download({ count: 100, size: 1000 }));
    assert.deepEqual(all.map((payload) => Number(payload.number)), Array.from({ length: 100 }, (_, i) => i));
  });

  test(`${name}: server stream that fails after messages`, async () => {
    const got = [];
    await assert.rejects(async () => {
      for await (const payload of client.download({ count: 3, size: 1, status: 9, details: "no more" })) got.push(payload);
    }, { code: Code.FailedPrecondition, rawMessage: "no more" });
    assert.equal(got.length, 3);
  });

  test(`${name}: a large message each way`, async () => {
    const reply = await client.upload((async function* () { yield { data: new Uint8Array(3 << 20) }; })());
    assert.equal(reply.text, `${3 << 20}`);
    const big = await client.unary({ size: 3 << 20 });
    assert.equal(big.data.length, 3 << 20);
  });

  test(`${name}: client stream`, async () => {
    const reply = await client.upload(payloads(50));
    assert.equal(reply.number, 50n);
  });

  if (name.includes("HTTP/2")) {
    test(`${name}: both ways, each message answered before the next is sent`, async () => {
      let answered = () => {};
      const requests = async function* () {
        for (let i = 0; i < 10; ++i) {
          yield { number: BigInt(i) };
          await new Promise((resolve) => (answered = resolve));
        }
      };
      let count = 0n;
      for await (const reply of client.echo(requests())) {
        assert.equal(reply.number, count++);
        answered();
      }
      assert.equal(count, 10n);
    });
  }

  test(`${name}: a stream that the client leaves`, async () => {
    for await (const payload of client.download({ count: 1_000_000, size: 1000 })) {
      if (payload.number === 10n) break;
    }
    const reply = await client.unary({ number: 1n });
    assert.equal(reply.number, 1n);
  });
}
