// build.mjs OUT: bundles the page into OUT/page, and puts Swagger UI's files into OUT/swagger_ui. Before it, protoc-gen-es
// has made generated/ of the .proto files. Runs on Node.js 18.
import { build } from "esbuild";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error("usage: build.mjs OUT");
  process.exit(2);
}
const here = path.dirname(fileURLToPath(import.meta.url));

const page = path.join(out, "page");
await mkdir(page, { recursive: true });
await build({
  entryPoints: [path.join(here, "src/page.ts")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  outfile: path.join(page, "page.js"),
  alias: { "#generated": path.join(here, "generated") },
  logLevel: "warning",
});
for (const name of ["index.html", "page.css"]) await copyFile(path.join(here, "src", name), path.join(page, name));

const swagger = path.join(out, "swagger_ui");
await mkdir(swagger, { recursive: true });
const dist = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
for (const name of [
  "favicon-16x16.png",
  "favicon-32x32.png",
  "index.css",
  "index.html",
  "swagger-ui-bundle.js",
  "swagger-ui-standalone-preset.js",
  "swagger-ui.css",
]) {
  await copyFile(path.join(dist, name), path.join(swagger, name));
}
// In place of the one that shows an example from outside; nor does this one ask anybody to validate.
await writeFile(
  path.join(swagger, "swagger-initializer.js"),
  `window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "BaseLayout",
  });
};
`,
);
