// Bundles a page's script with the npm packages it imports, as its browser gets it: bundle_page.mjs SOURCE TARGET.

import { buildSync } from "esbuild"; // wrangler brings it

const [source, target] = process.argv.slice(2);
buildSync({ entryPoints: [source], outfile: target, bundle: true, format: "iife", platform: "browser", target: "es2022" });
