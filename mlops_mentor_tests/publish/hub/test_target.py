from pydantic import SecretStr

from mlops_mentor.publish.hub.target import HubTarget, NoTarget, hub_target
from mlops_mentor.settings import Settings

TOKEN = "hf_madeUp123"


def test_settings_name_the_target() -> None:
    settings = Settings(hf_repo="dtu/course", hf_token=SecretStr(TOKEN), hf_public=True)
    target = hub_target(settings)
    assert target == HubTarget("dtu/course", SecretStr(TOKEN), "https://huggingface.co", True)
    assert TOKEN not in f"{target!r} {target}"


def test_without_a_dataset_the_reason_is_said() -> None:
    target = hub_target(Settings(hf_token=SecretStr(TOKEN)))
    assert isinstance(target, NoTarget)
    assert target.reason.startswith("MENTOR_HF_REPO is not set.")


def test_without_a_token_the_reason_is_said() -> None:
    for token in (None, SecretStr("  ")):
        target = hub_target(Settings(hf_repo="dtu/course", hf_token=token))
        assert isinstance(target, NoTarget)
        assert target.reason.startswith("HF_TOKEN is not set.")
        assert "dtu/course" in target.reason


def test_what_no_token_looks_like_is_not_sent_and_not_said() -> None:
    target = hub_target(Settings(hf_repo="dtu/course", hf_token=SecretStr("hf_made up\u00e6")))
    assert isinstance(target, NoTarget)
    assert "hf_made" not in target.reason
