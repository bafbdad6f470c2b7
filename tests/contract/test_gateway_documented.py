"""docs/gateway.md knows every field of a route table and every metric, and its example is a table that works."""

import json
import re
import tomllib
from enum import Enum

import pytest
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel

from meshop_gateway import telemetry
from meshop_gateway.refusals import Refusal
from meshop_gateway.route_source import RouteSource
from meshop_gateway.routes import AuthSpec, RouteSpec, UpstreamSpec
from meshop_gateway.settings import GatewaySettings
from tools.paths import ROOT

pytestmark = pytest.mark.contract
PAGE = (ROOT / "docs" / "gateway.md").read_text()
#: ``| `one`, `two` | 1, 2 | ... |`` by name.
ROWS = {
    name: default.strip()
    for names, defaults in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", PAGE, re.MULTILINE)
    for name, default in zip(
        re.findall(r"`([a-z_.]+)`", names),
        (defaults.split(",") if defaults.count(",") + 1 == names.count(",") + 1 else [defaults] * 9),
        strict=False,
    )
}


def fields(model: type[BaseModel], prefix: str = "", *, but: tuple[str, ...] = ()):
    return [
        pytest.param(f"{prefix}{name}", field, id=f"{prefix}{name}")
        for name, field in model.model_fields.items()
        if name not in but
    ]


@pytest.mark.parametrize(
    ("name", "field"),
    [*fields(RouteSpec, but=("auth",)), *fields(AuthSpec, "auth."), *fields(UpstreamSpec)],
)
def test_field_stands_in_the_page_with_its_default(name, field):
    assert name in ROWS
    shown = ROWS[name].strip("`")
    if field.is_required():
        assert shown == "required"
    elif isinstance(field.default, bool):
        assert shown == str(field.default).lower()
    elif name == "body_limit":
        assert (shown, field.default) == ("1 MiB", 2**20)
    elif isinstance(field.default, int | float):
        assert float(shown) == field.default
    elif isinstance(field.default, str):
        assert shown == field.default


def test_metrics_stand_in_the_page():
    own = [metric for metric in vars(telemetry).values() if isinstance(metric, MetricWrapperBase)]
    assert len(own) > 10
    for metric in own:
        (described,) = metric.describe()
        assert re.search(rf"`{described.name}(_total)?`", PAGE), described.name


def test_refusals_stand_in_the_page():
    assert issubclass(Refusal, Enum)
    for refusal in Refusal:
        status, code, _ = refusal.value
        if code != "service_unavailable":
            assert str(status) in PAGE
            assert f"`{code}`" in PAGE


def test_example_is_a_table(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "routes.toml"
    file.write_text(example)
    spec = RouteSource(GatewaySettings(routes_file=file)).load()
    assert [route.name for route in spec.routes] == ["products", "reports"]
    assert spec.upstreams["reports"].url == "http://reports.internal:9000"
    assert json.dumps(tomllib.loads(example))
