"""The straightforward port as a Worker; it answers with the number of rows that D1 wrote."""

from __future__ import annotations

import json
from typing import Any

from reference_pipeline import INSERT_SPAN, decode_json, decode_protobuf, span_rows
from workers import WorkerEntrypoint, python_to_rpc


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """Takes export requests on any path."""

    async def fetch(self, request: Any) -> Any:
        """Store the spans of a POST, in one batch."""
        from js import Response
        from pyodide.ffi import to_js

        js_request = request.js_object
        if js_request.method != "POST":
            return Response.new("", status=200)
        body = (await js_request.arrayBuffer()).to_bytes()
        is_json = js_request.headers.get("Content-Type") == "application/json"
        export = decode_json(body) if is_json else decode_protobuf(body)
        database = python_to_rpc(self.env.DB)
        insert = database.prepare(INSERT_SPAN)
        results = await database.batch(to_js([insert.bind(*row) for row in span_rows(export)]))
        rows_written = sum(result.meta.rows_written for result in results)
        return Response.new(json.dumps({"rowsWritten": rows_written}), status=200)
