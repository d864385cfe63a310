"""Pages run where nothing is but an exported folder: they bring neither the pipeline nor a server with them."""

import subprocess
import sys

ALLOWED = {"errors", "pages", "publish", "schemas", "storage"}
_LOOK = "import sys, mlops_mentor.pages.static_site; print('\\n'.join(sys.modules))"


def test_pages_bring_schemas_and_the_manifest_alone() -> None:
    found = subprocess.run([sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True).stdout.split()
    ours = {name.split(".")[1] for name in found if name.startswith("mlops_mentor.")}
    assert ours <= ALLOWED
    assert {name for name in found if name.startswith("mlops_mentor.publish.")} == {"mlops_mentor.publish.manifest"}
    # What replaces a file whole, and nothing of the lake.
    assert {name for name in found if name.startswith("mlops_mentor.storage.")} == {"mlops_mentor.storage.whole_files"}
    assert not {"dagster", "gradio", "git", "duckdb", "huggingface_hub", "starlette"} & set(found)
