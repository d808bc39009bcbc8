// Runs a Python module in Pyodide and has it measure bodies: node run.mjs PYODIDE MODULE '{"/inside": "/outside"}'
// Each line on standard input is {"encoding": ..., "path": ...}; its answer is one line of JSON.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [pyodidePath, moduleName, mounts] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(pyodidePath).href);
const python = await loadPyodide();

for (const [inside, outside] of Object.entries(JSON.parse(mounts))) {
  python.FS.mkdirTree(inside);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: outside }, inside);
}

// The CPU time of this process: unlike a clock's, it does not count what others do on the machine meanwhile.
python.registerJsModule("host", {
  cpuMicroseconds: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});

python.runPython(`
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/measure", "/src", "/workers", "/python_modules"]
`);
const measureBody = python.pyimport(moduleName).measure_body;

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const { encoding, path } = JSON.parse(line);
  console.log(measureBody(encoding, path));
}
