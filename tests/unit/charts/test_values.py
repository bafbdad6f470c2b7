"""Wrong values stop with words that say where and what."""

import pytest

from tests.support.charts import render
from tools.charts.helm import HelmError

WRONG = {
    "a chart that is not there": (["backnd.replicas=2"], "additional properties 'backnd' not allowed"),
    "a word that is no number": (["backend.replicas=two"], "/replicas': got string, want integer"),
    "a negative number": (["backend.replicas=-1"], "/replicas': minimum: got -1, want 0"),
    "a mesh that nobody knows": (
        ["global.mesh.provider=consul"],
        "must be one of 'istio', 'linkerd', 'none'",
    ),
    "mesh at the top": (["mesh.provider=istio"], "set global.mesh.provider instead"),
    "image at the top": (["image.tag=1"], "set global.image instead"),
    "replicas at the top": (["replicas=3"], "set backend.replicas"),
    "a pull policy with a typing error": (
        ["global.image.pullPolicy=always"],
        "must be one of 'IfNotPresent'",
    ),
    "the tag latest": (["global.image.tag=latest"], "cannot be rolled back"),
    "more at least than at most": (
        ["backend.autoscaling.min=50"],
        "min (50) is larger than autoscaling.max (20)",
    ),
    "CPU above the whole": (["gateway.autoscaling.cpu=150"], "/autoscaling/cpu': maximum: got 150, want 100"),
    "a setting that YAML takes for no": (["gateway.env.RATE_LIMIT=false"], "/env/RATE_LIMIT': got boolean"),
    "a secret in plain sight": (["backend.env.STRIPE_SECRET=x"], "name that in envSecrets.STRIPE_SECRET"),
    "a password in an address": (
        ["global.store.env.EMAIL_URL=smtp://me:hush@mail:587"],
        "env.EMAIL_URL holds a secret in plain sight",
    ),
    "a Secret without its key": (["backend.envSecrets.X.secret=y"], "envSecrets.X needs the key"),
    "megabytes": (["backend.resources.limits.memory=512MB"], "write a quantity of Kubernetes"),
    "no limit of memory": (["backend.resources.limits=null"], "resources.limits.memory is required"),
    "an edge to nowhere": (
        ["dependencies.backend.calls.postgres=true"],
        "names `postgres`, which is not among the dependencies",
    ),
    "an edge to itself": (["dependencies.backend.calls.backend=true"], "names itself"),
    "an edge to somebody deaf": (
        ["dependencies.backend.calls.beat=true"],
        "`beat`, which has no ports to call",
    ),
    "a tier that nobody knows": (
        ["dependencies.backend.tier=web"],
        "must be one of 'edge', 'app', 'ai', 'data'",
    ),
    "a port out of range": (
        ["dependencies.backend.ports={70000}"],
        "/dependencies/backend/ports/0': maximum",
    ),
    "a URL without its scheme": (
        ["global.publicUrl=shop.example.com"],
        "write it as https://shop.example.com",
    ),
    "a URL with a path": (["global.publicUrl=http://shop.test/store"], "leave the path away"),
    "a public shop that takes no money": (["global.publicUrl=https://shop.test"], "no money would move"),
    "Stripe without its keys": (["global.store.env.PAYMENT_PROVIDER=stripe"], "needs STRIPE_SECRET_KEY"),
    "TLS without a certificate": (["ingress.tls.enabled=true"], "needs ingress.tls.secret"),
    "a host that is another": (["ingress.hosts={other.test}"], "does not contain 127.0.0.1"),
    "no database at all": (["datastores.enabled=false"], "existingSecret"),
    "a database that nobody may reach": (
        [
            "datastores.stores.redis.enabled=false",
            "global.connections.redis.existingSecret=mine",
        ],
        "redis runs elsewhere: say where in dependencies.redis.cidrs",
    ),
    "a store that nobody uses": (["datastores.stores.elasticsearch.enabled=true"], "set global.searchUrl to"),
    "a training whose models nobody sees": (
        ["global.ai.recommendations=true", "recommendations.training.enabled=true"],
        "would stay in its own pod; set artefacts.persistence",
    ),
    "a mesh that trusts everybody": (
        ["global.mesh.provider=istio", "meshPolicies.enabled=false"],
        "every workload would trust every other",
    ),
    "a budget that blocks drains": (
        ["worker.workloads.relay.replicas=1"],
        "relay: a disruption budget for one replica blocks every drain",
    ),
    "a service type with a typing error": (["ingress.serviceType=Nodeport"], "must be one of 'LoadBalancer'"),
    "a probe that nobody knows": (
        ["backend.probes.ready.exec=x"],
        "additional properties 'ready' not allowed",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_values(case):
    sets, sentence = WRONG[case]
    with pytest.raises(HelmError) as refusal:
        render(*sets)
    text = str(refusal.value)
    assert sentence in text, text
    assert "nil pointer" not in text
    assert len(text) < 1500, "nobody reads this"


def test_there_are_enough_of_them():
    assert len(WRONG) >= 20


def test_public_shop_needs_mail_and_tls():
    stripe = [
        "global.publicUrl=https://shop.test",
        "global.store.env.PAYMENT_PROVIDER=stripe",
        *(
            f"global.store.envSecrets.{name}.{part}={part}"
            for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
            for part in ("secret", "key")
        ),
    ]
    with pytest.raises(HelmError, match="a public shop sends its mails"):
        render(*stripe)
    mail = [f"global.store.envSecrets.EMAIL_URL.{part}=mail" for part in ("secret", "key")]
    with pytest.raises(HelmError, match=r"ingress\.tls\.enabled is false"):
        render(*stripe, *mail)
