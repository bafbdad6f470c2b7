"""Every set of values gives what Kubernetes, the Gateway API and Istio accept."""

import jsonschema
import kubernetes_validate
import pytest

from tests.support.charts import EVERYTHING, named, of_kind, render
from tools.charts.assemble import assemble, chart_names
from tools.charts.crds import custom_schemas
from tools.charts.helm import helm
from tools.charts.schemas import CHART_SCHEMAS, schema_file, schema_text
from tools.errors import ToolError

SETS = {
    "default": {},
    "kind": {"values": ("kind",)},
    "kind, small": {"values": ("kind", "kind-small")},
    "production": {"values": ("production",)},
    "everything": {"more": EVERYTHING, "values": ("kind",)},
    "linkerd": {"values": ("kind",), "more": '{"global": {"mesh": {"provider": "linkerd"}}}'},
    "no mesh": {"values": ("kind",), "more": '{"global": {"mesh": {"provider": "none"}}}'},
}
CUSTOM_GROUPS = ("gateway.networking.k8s.io/", "security.istio.io/", "networking.istio.io/")
INSTALLABLE = sorted(set(chart_names()) - {"common"})


def group_is_built_in(document):
    group = document["apiVersion"].rpartition("/")[0]
    return "." not in group or (group.endswith(".k8s.io") and not group.startswith("gateway."))


@pytest.fixture(scope="session")
def custom():
    try:
        return custom_schemas()
    except ToolError as error:
        pytest.skip(f"the schemas of Istio and of the Gateway API come with their Go modules: {error}")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("version", ["1.32", "1.33", "1.34"])
def test_kubernetes_accepts_what_is_built_in(name, version):
    documents = [d for d in render(**SETS[name], kube=f"{version}.0") if group_is_built_in(d)]
    assert len(documents) > 30
    for document in documents:
        kubernetes_validate.validate(document, version, strict=True)


def test_kubernetes_accepts_the_prometheus_of_kind():
    documents = render(chart="observability", values=("kind",))
    assert all(group_is_built_in(document) for document in documents), "kind knows no PrometheusRule"
    for document in documents:
        kubernetes_validate.validate(document, "1.34", strict=True)


@pytest.mark.parametrize("name", SETS)
def test_definitions_of_gateway_api_and_istio_accept_the_rest(name, custom):
    documents = [d for d in render(**SETS[name]) if d["apiVersion"].startswith(CUSTOM_GROUPS)]
    assert documents
    for document in documents:
        schema = custom[document["apiVersion"], document["kind"]]
        errors = [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(document)]
        assert errors == [], f"{document['kind']}/{document['metadata']['name']}"


def test_a_field_that_does_not_exist_is_found(custom):
    document = named(render(values=("kind",)), "Gateway", "edge")
    wrong = {**document, "spec": {**document["spec"], "listners": []}}
    schema = custom[document["apiVersion"], document["kind"]]
    assert not jsonschema.Draft7Validator(schema).is_valid(wrong)


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_there_twice(name):
    names = [(d["apiVersion"], d["kind"], d["metadata"]["name"]) for d in render(**SETS[name])]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_lint(chart):
    assert "0 chart(s) failed" in helm("lint", str(assemble(chart)), "--kube-version", "1.34.0")


@pytest.mark.parametrize("values", ["kind", "kind-small", "production"])
def test_lint_with_value_files(values):
    folder = assemble("platform")
    helm("lint", str(folder), "--values", str(folder / f"values-{values}.yaml"))


@pytest.mark.parametrize("chart", INSTALLABLE)
def test_a_chart_renders_alone(chart):
    assert render(chart=chart)


@pytest.mark.parametrize("chart", CHART_SCHEMAS)
def test_schemas_are_those_of_the_description(chart):
    assert schema_file(chart).read_text() == schema_text(chart), "run python -m tools.charts.schemas --write"


def test_every_installable_chart_has_a_schema():
    assert sorted(CHART_SCHEMAS) == INSTALLABLE


def test_datastores_are_left_out_where_they_are_managed_elsewhere():
    assert of_kind(render(values=("production",)), "StatefulSet") == []
