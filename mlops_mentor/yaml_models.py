"""YAML files that people edit, as models: the course, the rubric, the rules.

Belongs here: reading one, and saying what is wrong with it. What the fields mean is for the models.
"""

from functools import lru_cache
from pathlib import Path
from typing import TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from mlops_mentor.errors import ConfigError

_Model = TypeVar("_Model", bound=BaseModel)


def load_model(file: Path, model: type[_Model], *, remedy: str, bundled: str, what: str = "") -> _Model:
    """The content of a file as a model; the same object for the same content, which is read every time.

    `remedy` is a sentence on a file that cannot be read, `bundled` the name of the bundled one, whose comments explain
    the fields, and `what` what the file is, where its name does not say so.

    Raises:
        ConfigError: it cannot be read, is no YAML, or something in it is missing, unknown or wrong.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        subject = f"{what} cannot" if what else "cannot"
        raise ConfigError(f"{file}: {subject} be read ({error.strerror}). {remedy}") from None
    return cast(_Model, _checked(file, content, model, bundled))


# Many ask for the course in one breath, and parsing it takes milliseconds.
@lru_cache(maxsize=16)
def _checked(file: Path, content: bytes, model: type[BaseModel], bundled: str) -> BaseModel:
    try:
        stated = yaml.safe_load(content.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{file}: is not valid YAML: {_reason(error)}. Correct it there.") from None
    try:
        return model.model_validate(stated)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'file'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        )
        raise ConfigError(f"{file}: {wrong}. The comments in the bundled {bundled} say what each field is.") from None


def _reason(error: Exception) -> str:
    """Why and where, without the lines of the file that YAML's own text quotes: addresses in them may have logins."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem or error.context} in line {error.problem_mark.line + 1}"
    return str(error)
