// The service definition of probe.proto, as grpc-js loads it.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const file = fileURLToPath(new URL("../../protos/probe.proto", import.meta.url));
const definition = loader.loadSync(file, { keepCase: true, longs: Number, defaults: true });
export const Probe = grpc.loadPackageDefinition(definition).tern.test.v1.Probe;
export { grpc };
