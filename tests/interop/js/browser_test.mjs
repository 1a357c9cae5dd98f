// browser_client.mjs in Chromium, against the server at TARGET: from a page of another origin, so by CORS.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { startBrowser } from "./browser.mjs";

const baseUrl = `http://${process.env.TARGET}`;
const cases = ["Connect, JSON", "Connect, binary", "gRPC-Web by connect-web", "grpc-web, text", "grpc-web, binary"];
let pages;
let browser;
let tab;

before(async () => {
  const bundle = await build({ entryPoints: ["browser_client.mjs"], absWorkingDir: import.meta.dirname ?? process.cwd(), bundle: true, write: false, format: "iife" });
  const script = bundle.outputFiles[0].text;
  pages = http.createServer((request, response) => {
    response.setHeader("content-type", request.url === "/" ? "text/html; charset=utf-8" : "text/javascript; charset=utf-8");
    response.end(request.url === "/" ? '<!doctype html><link rel="icon" href="data:,"><script src="client.js"></script>' : script);
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  browser = await startBrowser();
  tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${pages.address().port}/`);
});
after(async () => {
  await browser?.close();
  pages?.close();
});

test("all cases are here", async () => assert.deepEqual(await tab.evaluate(() => globalThis.caseNames), cases));
for (const name of cases) {
  test(name, async () => {
    const problem = await tab.evaluate(
      ([which, url]) => globalThis.runCase(which, url).then(() => "", (error) => String(error?.stack ?? error)),
      [name, baseUrl]);
    assert.equal(problem, "");
  });
}
