"""The Workers runtime on one side, the core on the other: only here are js, pyodide and workers imported."""
