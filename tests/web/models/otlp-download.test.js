/** The name of a saved trace. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileName } from "../../../web/model/otlp-download.js";
import { TRACE_ID } from "./samples.js";

test("a file is named by its trace, and by nothing else that the URL may have", () => {
  assert.equal(fileName(TRACE_ID.toUpperCase()), `trace-${TRACE_ID}.otlp.json`);
  assert.equal(fileName("../../a\\b\u202e\u0000.exe"), "trace-abee.otlp.json");
  assert.equal(fileName("0".repeat(500)).length, 48);
});
