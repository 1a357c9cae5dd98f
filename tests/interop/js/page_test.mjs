// The application's page in Chromium, as its users see it: page_test.mjs BINARY [SCREENSHOT]
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, test } from "node:test";
import { startApplication } from "./application.mjs";
import { startBrowser } from "./browser.mjs";

const screenshot = process.env.SCREENSHOT;

/** A port that nobody has: the server comes back to it after its absence. */
async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

async function startServer(port) {
  const { server } = await startApplication("--rest", `127.0.0.1:${port}`, "--stream-delay-ms", "20");
  return server;
}

async function stopServer(server) {
  const exited = once(server, "exit");
  server.kill("SIGTERM");
  const [code] = await exited;
  assert.equal(code, 0);
}

let server;
let browser;
let address;
let port;

before(async () => {
  port = await freePort();
  address = `http://127.0.0.1:${port}/`;
  server = await startServer(port);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  if (server.exitCode === null) await stopServer(server);
});

/** A tab, with what it complains of; ERR_CONNECTION is what an absent server is. */
async function openTab(path = "") {
  const tab = await browser.newPage();
  tab.problems = [];
  tab.on("pageerror", (error) => tab.problems.push(String(error)));
  tab.on("request", (request) => {
    const { host, protocol } = new URL(request.url());
    if (protocol !== "data:" && host !== new URL(address).host) tab.problems.push(`it asks ${request.url()}`);
  });
  await tab.goto(address + path);
  return tab;
}

const names = (tab) => tab.locator("#user-rows tr td:nth-child(2)").allTextContents();

test("a user that is added is seen in another tab", async () => {
  const tab = await openTab();
  const other = await openTab();
  await tab.getByText("홍길동").waitFor();
  await tab.fill("#new-user [name=name]", "박지민");
  await tab.fill("#new-user [name=email]", "park@example.com");
  await tab.click("#new-user button >> nth=0");
  await other.getByText("박지민").waitFor();
  assert.deepEqual(await names(other), ["홍길동", "김철수", "박지민"]);
  await tab.click("#new-user button >> nth=0");
  await tab.getByText("Name and email are required").waitFor();
  assert.deepEqual([...tab.problems, ...other.problems], []);
  await tab.close();
  await other.close();
});

test("users are streamed in", async () => {
  const tab = await openTab();
  await tab.getByText("홍길동").waitFor();
  await tab.click("#stream");
  await tab.locator("#stream:not([disabled])").waitFor();
  assert.deepEqual(await names(tab), ["홍길동", "김철수", "박지민"]);
  assert.deepEqual(tab.problems, []);
  await tab.close();
});

test("chat comes to every tab", async () => {
  const tab = await openTab();
  const other = await openTab();
  for (const each of [tab, other]) await each.locator("#connection[data-state=connected]").waitFor();
  await tab.fill("#say [name=who]", "지민");
  await tab.fill("#say [name=what]", "안녕 <b>all</b>");
  await tab.click("#say button");
  for (const each of [tab, other]) {
    await each.getByText("Echo: 안녕 <b>all</b>").waitFor();
    assert.deepEqual(await each.locator("#messages li").allTextContents(), ["지민안녕 <b>all</b>", "serverEcho: 안녕 <b>all</b>"]);
  }
  assert.deepEqual([...tab.problems, ...other.problems], []);
  if (screenshot) {
    await tab.waitForTimeout(4000);
    await tab.screenshot({ path: screenshot, fullPage: true });
  }
  await tab.close();
  await other.close();
});

test("the figures change", async () => {
  const tab = await openTab();
  await tab.locator("#calls-line path[d*=L]").waitFor();
  assert.match(await tab.locator("#latency").textContent(), /^[\d.]+ · [\d.]+ · [\d.]+$/);
  assert.deepEqual(tab.problems, []);
  await tab.close();
});

test("the server goes away and comes back", async () => {
  const tab = await openTab();
  await tab.locator("#connection[data-state=connected]").waitFor();
  await stopServer(server);
  await tab.locator("#connection[data-state=away]").waitFor();
  server = await startServer(port);
  await tab.locator("#connection[data-state=connected]").waitFor();
  await tab.fill("#say [name=what]", "again");
  await tab.click("#say button");
  await tab.getByText("Echo: again").waitFor();
  assert.deepEqual(tab.problems, []);
  await tab.close();
});

test("/docs lists and executes every method", async () => {
  const document = await (await fetch(address + "openapi.json")).json();
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const tab = await openTab("docs");
  await tab.locator(".opblock").first().waitFor();
  assert.equal(await tab.locator(".opblock").count(), operations.length);
  const values = { UserService_GetUser: { id: "1" }, UserService_ListUsers: { pageSize: "1" } };
  for (const { operationId, requestBody, responses } of operations) {
    // Those that never end by themselves cannot be shown.
    if (["ChatRoom_Listen", "FiguresService_Watch"].includes(operationId)) continue;
    const block = tab.locator(`.opblock[id$=${operationId}]`);
    await block.locator(".opblock-summary").click();
    await block.getByRole("button", { name: "Try it out" }).click();
    for (const [name, value] of Object.entries(values[operationId] ?? {})) {
      await block.locator(`tr[data-param-name=${name}] input`).fill(value);
    }
    if (requestBody) assert.match(await block.locator("textarea").inputValue(), /string/);
    await block.getByRole("button", { name: "Execute" }).click();
    const status = await block.locator(".live-responses-table tbody .response-col_status").first().textContent();
    assert.equal(status.trim().slice(0, 3), "200", operationId);
    assert.ok(responses["200"]);
    await block.locator(".opblock-summary").click();
  }
  assert.deepEqual(tab.problems, []);
  if (screenshot) await tab.screenshot({ path: screenshot.replace(".png", "_docs.png") });
  await tab.close();
});
