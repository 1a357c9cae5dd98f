// user.proto and chat.proto, as grpc-js loads them.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const folder = fileURLToPath(new URL("../../protos", import.meta.url));
const definition = loader.loadSync(["user/v1/user.proto", "chat/v1/chat.proto"], {
  includeDirs: [folder], keepCase: true, longs: Number, enums: String, defaults: true,
});
const loaded = grpc.loadPackageDefinition(definition);
export const { UserService } = loaded.user.v1;
export const { ChatService } = loaded.chat.v1;
export { grpc };
