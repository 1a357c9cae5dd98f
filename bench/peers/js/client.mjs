// client.mjs TARGET CALLS CONCURRENCY
import { grpc, UserService } from "./services.mjs";

const [target, calls, concurrency] = process.argv.slice(2);
const client = new UserService(target, grpc.credentials.createInsecure());
let left = Number(calls);
let running = Number(concurrency);
let failed = 0;

function next() {
  if (left-- <= 0) {
    if (--running > 0) return;
    console.log(`${failed} failed`);
    client.close();
    process.exit(failed === 0 ? 0 : 1);
  }
  client.GetUser({ id: 1 }, (error, response) => {
    if (error || response.user.id !== 1) failed++;
    next();
  });
}
for (let index = running; index > 0; index--) next();
