// Serves probe.proto with grpc-js until SIGTERM.
import { setTimeout as wait } from "node:timers/promises";
import { grpc, Probe } from "./probe.mjs";

const answer = (order, number) => ({ number, text: order.text, data: Buffer.alloc(order.size, "x") });

function pick(metadata, prefix) {
  const picked = new grpc.Metadata();
  for (const key of Object.keys(metadata.getMap()).filter((k) => k.startsWith(prefix))) {
    for (const value of metadata.get(key)) picked.add(key, value);
  }
  return picked;
}

const server = new grpc.Server({ "grpc.max_receive_message_length": 50 << 20 });
server.addService(Probe.service, {
  Unary(call, reply) {
    const order = call.request;
    call.sendMetadata(pick(call.metadata, "echo-initial"));
    if (order.status) return reply({ code: order.status, details: order.details });
    reply(null, answer(order, order.number), pick(call.metadata, "echo-trailing"));
  },
  async Download(call) {
    for (let i = 0; i < call.request.count && !call.cancelled; i++) {
      if (call.request.wait_us) await wait(call.request.wait_us / 1000);
      call.write(answer(call.request, i));
    }
    call.end();
  },
  Upload(call, reply) {
    let number = 0;
    let size = 0;
    call.on("data", (payload) => {
      number += 1;
      size += payload.data.length;
    });
    call.on("end", () => reply(null, { number, text: String(size) }));
  },
  Echo(call) {
    call.on("data", (payload) => call.write(payload));
    call.on("end", () => call.end());
  },
  Hang() {},
});
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`PORT=${port}`);
});
process.on("SIGTERM", () => {
  server.forceShutdown();
  process.exit(0);
});
