// What runs in the browser, on a page of another origin than the server's: @connectrpc/connect-web in its two protocols,
// and grpc-web's own client, whose descriptors are written by hand. Bundled by browser_test.mjs.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as grpcWeb from "grpc-web";
import { OrderSchema, PayloadSchema, Probe } from "./generated/probe_pb.js";

function check(what, got, wanted) {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? Number(v) : v)));
  if (a !== b) throw new Error(`${what}: got ${a}, wanted ${b}`);
}

async function tryConnect(transport) {
  const client = createClient(Probe, transport);
  let trailer;
  let header;
  const reply = await client.unary(
    { number: 42n, text: "안녕" },
    {
      headers: { "echo-initial": "one", "echo-trailing": "two" },
      onHeader: (headers) => (header = headers),
      onTrailer: (trailers) => (trailer = trailers),
    },
  );
  check("unary", [reply.number, reply.text], [42, "안녕"]);
  check("initial metadata", header.get("echo-initial"), "one");
  check("trailing metadata", trailer.get("echo-trailing"), "two");
  try {
    await client.unary({ status: 5, details: "사용자 없음" });
    throw new Error("an error was none");
  } catch (error) {
    check("error", [ConnectError.from(error).code, ConnectError.from(error).rawMessage], [Code.NotFound, "사용자 없음"]);
  }
  let count = 0;
  for await (const payload of client.download({ count: 50, size: 1000 })) check("stream", payload.number, count++);
  check("stream", count, 50);
}

const download = new grpcWeb.MethodDescriptor(
  "/tern.test.v1.Probe/Download", grpcWeb.MethodType.SERVER_STREAMING, Object, Object,
  (order) => toBinary(OrderSchema, order), (bytes) => fromBinary(PayloadSchema, bytes));
const unary = new grpcWeb.MethodDescriptor(
  "/tern.test.v1.Probe/Unary", grpcWeb.MethodType.UNARY, Object, Object,
  (order) => toBinary(OrderSchema, order), (bytes) => fromBinary(PayloadSchema, bytes));

async function tryGrpcWeb(host, format) {
  const client = new grpcWeb.GrpcWebClientBase({ format });
  const reply = await client.unaryCall(host + unary.getName(), create(OrderSchema, { number: 7n, text: "안녕" }), {}, unary);
  check("unary", [reply.number, reply.text], [7, "안녕"]);
  try {
    await client.unaryCall(host + unary.getName(), create(OrderSchema, { status: 5, details: "없음" }), {}, unary);
    throw new Error("an error was none");
  } catch (error) {
    check("error", [error.code, error.message], [5, "없음"]);
  }
  if (format !== "text") return; // it streams only as text
  const got = [];
  await new Promise((resolve, reject) => {
    const order = create(OrderSchema, { count: 20, size: 1000, waitUs: 1000n });
    const stream = client.serverStreaming(host + download.getName(), order, { "echo-initial": "one" }, download);
    stream.on("data", (payload) => got.push(Number(payload.number)));
    stream.on("error", reject);
    stream.on("end", resolve);
  });
  check("stream", got, Array.from({ length: 20 }, (_, i) => i));
}

const cases = {
  "Connect, JSON": (baseUrl) => tryConnect(createConnectTransport({ baseUrl })),
  "Connect, binary": (baseUrl) => tryConnect(createConnectTransport({ baseUrl, useBinaryFormat: true })),
  "gRPC-Web by connect-web": (baseUrl) => tryConnect(createGrpcWebTransport({ baseUrl })),
  "grpc-web, text": (baseUrl) => tryGrpcWeb(baseUrl, "text"),
  "grpc-web, binary": (baseUrl) => tryGrpcWeb(baseUrl, "binary"),
};
globalThis.caseNames = Object.keys(cases);
globalThis.runCase = (name, baseUrl) => cases[name](baseUrl);
