"""What people copy from works."""

import pytest
import yaml

from tools.paths import ROOT

EXAMPLES = sorted((ROOT / "operators" / "examples").glob("*.yaml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_accepted(kube, file):
    for document in yaml.safe_load_all(file.read_text()):
        document["metadata"]["namespace"] = "shop"
        query = "?dryRun=All&fieldValidation=Strict"
        answer = kube.http.post(f"{kube.collection(document)}{query}", json=document)
        assert answer.status_code == 201, answer.text


def test_there_is_one_for_each_kind():
    kinds = {yaml.safe_load(file.read_text())["kind"] for file in EXAMPLES}
    assert kinds == {"CatalogReindex", "ModelRollout"}
