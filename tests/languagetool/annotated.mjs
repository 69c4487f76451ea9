// What annotatedtext-rehype and annotatedtext-remark make of some sources: JSON in, JSON out.
// node annotated.mjs FOLDER_OF_PACKAGES < sources
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.argv[2]);
const rehype = await import(pathToFileURL(`${modules}/annotatedtext-rehype/out/index.js`).href);
const remark = createRequire(`${modules}/`)("annotatedtext-remark");

const sources = JSON.parse(readFileSync(0, "utf-8"));
const made = sources.map(({ kind, source }) => ({
  kind,
  source,
  data: (kind === "html" ? rehype : remark).build(source),
}));
process.stdout.write(`${JSON.stringify(made, null, 1)}\n`);
