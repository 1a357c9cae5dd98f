// server.mjs and the arguments of ../README.md
import { readFileSync } from "node:fs";
import { ChatService, grpc, UserService } from "./services.mjs";

const [port, nameBytes = "0", waitMs = "0", , certificate, key] = process.argv.slice(2);
const size = Number(nameBytes);
const wait = Number(waitMs);
const user = size > 0 ? { name: "x".repeat(size) }
  : { id: 1, name: "홍길동", email: "hong@example.com", status: "USER_STATUS_ACTIVE" };

function answer(call, reply) {
  const { id } = call.request;
  if (id !== 1 && size === 0) return reply({ code: grpc.status.NOT_FOUND, details: `User ${id} not found` });
  reply(null, { user });
}

const server = new grpc.Server({
  "grpc.max_receive_message_length": 50 << 20,
  "grpc.max_send_message_length": 50 << 20,
});
server.addService(UserService.service, {
  GetUser(call, reply) {
    if (wait > 0) setTimeout(answer, wait, call, reply);
    else answer(call, reply);
  },
  CreateUser(call, reply) {
    reply(null, { user: { name: call.request.name } });
  },
  ListUsers(call, reply) {
    reply(null, { users: [user] });
  },
  async ListUsersStream(call) {
    for (let left = call.request.page_size; left > 0; left--) {
      if (!call.write(user)) await new Promise((resolve) => call.once("drain", resolve));
    }
    call.end();
  },
});
server.addService(ChatService.service, {
  Chat(call) {
    call.on("data", (message) => call.write({ content: `Echo: ${message.content}` }));
    call.on("end", () => call.end());
  },
});
const credentials = certificate
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(certificate), private_key: readFileSync(key) }])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync(`127.0.0.1:${port}`, credentials, (error) => {
  if (error) throw error;
});
