"""Run as a program: load every config of a folder with `datasets`, have it exported anew, and load again.

It prints what it saw as JSON. `datasets` takes seconds to import and reads its environment then: hence a process.
"""

import json
import shutil
import sys
from pathlib import Path

import datasets  # type: ignore[import-untyped]


def load(folder: Path) -> dict[str, object]:
    seen: dict[str, object] = {}
    for config in datasets.get_dataset_config_names(str(folder)):
        rows = datasets.load_dataset(str(folder), config, split="train")
        seen[config] = {
            "types": {name: str(feature) for name, feature in rows.features.items()},
            "rows": json.loads(json.dumps(rows[:], default=str)),
        }
    return seen


def main() -> None:
    folder, newer = Path(sys.argv[1]), Path(sys.argv[2])
    first = load(folder)
    shutil.rmtree(folder)
    newer.rename(folder)
    print(json.dumps([first, load(folder)]))  # noqa: T201


if __name__ == "__main__":
    main()
