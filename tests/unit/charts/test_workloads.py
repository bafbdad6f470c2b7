"""How workloads start, are watched, scale, stop and are upgraded."""

import pytest

from apps.core.broker import QUEUES
from config.environment import BackendSettings
from meshop_gateway.settings import GatewaySettings
from meshop_shared.ai.settings import AiSettings
from meshop_shared.ai.training import REFUSED
from tests.support.charts import (
    EVERYTHING,
    containers,
    environment,
    named,
    of_kind,
    pod_template,
    render,
    workloads,
)
from tools.charts.schemas import AI_SERVICES
from tools.stack.ai import TRAININGS
from tools.stack.ready import HEARTBEAT_MAX_AGE_S
from tools.stack.services import CELERY

KIND = {"values": ("kind",)}
PRODUCTION = {"values": ("production",)}


def main_container(documents, name):
    return pod_template(named(documents, "Deployment", name))["spec"]["containers"][0]


def test_who_is_scaled_has_no_number_of_replicas_of_its_own():
    documents = render()
    scaled = {
        d["spec"]["scaleTargetRef"]["name"]: d["spec"] for d in of_kind(documents, "HorizontalPodAutoscaler")
    }
    assert {"backend", "gateway", "worker-default", "worker-email"} <= set(scaled)
    for deployment in of_kind(documents, "Deployment"):
        assert ("replicas" in deployment["spec"]) != (deployment["metadata"]["name"] in scaled)
    for name, spec in scaled.items():
        (metric,) = spec["metrics"]
        assert metric["containerResource"]["container"] == name
        assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 300
        assert spec["behavior"]["scaleUp"]["stabilizationWindowSeconds"] <= 15


def test_an_upgrade_restarts_only_what_has_changed():
    """The version of a chart is no part of a pod, nor of what the ingress's class makes pods of."""
    documents = render(**KIND)
    templates = [pod_template(document)["metadata"]["labels"] for document in workloads(documents)]
    templates.append(named(documents, "Gateway", "edge")["spec"]["infrastructure"]["labels"])
    assert len(templates) > 12
    for labels in templates:
        assert {"app.kubernetes.io/version", "helm.sh/chart"}.isdisjoint(labels)


def test_who_keeps_the_feature_tables_knows_where_they_are_and_only_where_there_are_any():
    for ai, known in (("true", True), ("false", False)):
        documents = render(f"global.ai.chatbot={ai}", **KIND)
        assert ("AI_DATABASE_URL" in environment(main_container(documents, "worker-ai"))) is known


def test_workers_scale_by_their_queue_where_keda_is():
    documents = render(api=("keda.sh/v1alpha1",))
    scaled = of_kind(documents, "ScaledObject")
    queues = {d["spec"]["triggers"][0]["metadata"]["queueName"]: d for d in scaled}
    assert set(queues) == set(QUEUES)
    for queue, document in queues.items():
        name = document["spec"]["scaleTargetRef"]["name"]
        assert name == f"worker-{queue}"
        variable = document["spec"]["triggers"][0]["metadata"]["hostFromEnv"]
        assert variable in environment(main_container(documents, name))
    assert {d["metadata"]["name"] for d in of_kind(documents, "HorizontalPodAutoscaler")} == {
        "backend",
        "gateway",
    }


def test_every_queue_has_its_worker_and_nobody_takes_two():
    taken = [
        argument.partition("=")[2]
        for _, _, container in containers(render())
        for argument in container.get("args", [])
        if argument.startswith("--queues=")
    ]
    assert sorted(taken) == sorted(QUEUES)


def test_workers_start_as_on_a_developers_machine():
    flags = main_container(render(), "worker-email")["args"]
    assert flags[:4] == ["celery", *CELERY[2:], "worker"]
    assert {"--without-gossip", "--without-mingle", "--without-heartbeat"} < set(flags)


def test_signs_of_life_are_waited_for_longer_than_they_take():
    for name in ("relay", "beat", "worker-default"):
        container = main_container(render(), name)
        assert environment(container)["HEARTBEAT_FILE"] == "/run/meshop/heartbeat"
        command = container["livenessProbe"]["exec"]["command"][-1]
        assert int(command.rpartition("-lt ")[2]) >= HEARTBEAT_MAX_AGE_S


@pytest.mark.parametrize("values", [{}, KIND, PRODUCTION, {**KIND, "more": EVERYTHING}])
def test_probes(values):
    documents = render(**values)
    for workload in of_kind(documents, "Deployment", "StatefulSet"):
        container = pod_template(workload)["spec"]["containers"][0]
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    assert main_container(documents, "backend")["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert main_container(documents, "backend")["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_backend_serves_the_host_that_its_probes_name():
    container = main_container(render(), "backend")
    hosts = environment(container)["ALLOWED_HOSTS"].split(",")
    for kind in ("startup", "liveness", "readiness"):
        (header,) = container[f"{kind}Probe"]["httpGet"]["httpHeaders"]
        assert header["value"] in hosts


def test_pods_wait_for_the_migrations_of_their_code():
    documents = render()
    waiting = {
        d["metadata"]["name"]
        for d in of_kind(documents, "Deployment")
        if "wait-for-migrations" in [c["name"] for c in pod_template(d)["spec"].get("initContainers", [])]
    }
    assert waiting == {"backend", "relay", *(f"worker-{queue}" for queue in QUEUES)}


def test_migrations_are_a_job_of_the_revision_and_no_hook():
    job = named(render(), "Job", "migrate-1")
    assert "annotations" not in job["metadata"]
    assert pod_template(job)["spec"]["containers"][0]["args"] == [
        "python",
        "manage.py",
        "migrate",
        "--noinput",
    ]


def test_stopping_leaves_time_for_what_runs():
    documents = render()
    for name in ("backend", "gateway"):
        template = pod_template(named(documents, "Deployment", name))
        env = environment(template["spec"]["containers"][0])
        pause = 5 if name == "backend" else float(env["DRAIN_DELAY_S"])
        grace = float(env.get("SHUTDOWN_GRACE_S", 10))
        assert template["spec"]["terminationGracePeriodSeconds"] > pause + grace
        assert (
            named(documents, "Deployment", name)["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        )


def test_the_clock_runs_once():
    for values in ({}, KIND, PRODUCTION):
        beat = named(render(**values), "Deployment", "beat")
        assert (beat["spec"]["replicas"], beat["spec"]["strategy"]) == (1, {"type": "Recreate"})


def test_production_survives_the_loss_of_a_node():
    documents = render(**PRODUCTION)
    budgets = {d["metadata"]["name"] for d in of_kind(documents, "PodDisruptionBudget")}
    deployments = {d["metadata"]["name"] for d in of_kind(documents, "Deployment")}
    assert budgets == deployments - {"beat"}
    for autoscaler in of_kind(documents, "HorizontalPodAutoscaler"):
        assert autoscaler["spec"]["minReplicas"] >= 2
    for deployment in of_kind(documents, "Deployment"):
        keys = [c["topologyKey"] for c in pod_template(deployment)["spec"]["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]


def test_budgets_and_services_select_pods_that_are_there():
    documents = render(**KIND, more=EVERYTHING)
    pods = [pod_template(w)["metadata"]["labels"].items() for w in workloads(documents)]
    for document in of_kind(documents, "Service", "PodDisruptionBudget"):
        selector = document["spec"]["selector"]
        wanted = (selector.get("matchLabels") or selector).items()
        assert sum(wanted <= labels for labels in pods) == 1, document["metadata"]["name"]


def known(settings):
    return {name.upper() for name in settings.model_fields}


def test_programs_know_every_setting_that_they_are_given():
    backend, gateway, ai = known(BackendSettings), known(GatewaySettings), known(AiSettings)
    other = {"DEMO_CREDENTIAL", "PASSWORD", "SHOP", "SHOP_HOST", "DEADLINE_S"}
    libraries = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    for values in ({}, KIND, PRODUCTION, {**KIND, "more": EVERYTHING}):
        for name, _, container in containers(render(**values)):
            given = set(environment(container))
            if "/backend:" in container["image"] and "shop-test" not in name:
                assert given <= backend | other, name
            if "/gateway:" in container["image"]:
                assert given <= gateway, name
            if "/recommendations:" in container["image"]:
                assert given <= ai | libraries, name


@pytest.mark.parametrize(
    ("provider", "mark"), [("istio", "sidecar.istio.io/inject"), ("linkerd", "linkerd.io/inject")]
)
def test_the_mesh_takes_every_pod_in_and_lets_jobs_end(provider, mark):
    documents = render(f"global.mesh.provider={provider}", **KIND)
    for workload in workloads(documents):
        metadata = pod_template(workload)["metadata"]
        assert mark in {**metadata["labels"], **metadata["annotations"]}
        assert [value for key, value in metadata["annotations"].items() if "native" in key] == ["true"]


def test_the_gateway_and_the_store_learn_of_the_ai_services_that_are_there():
    documents = render("global.ai.chatbot=true")
    for name in ("gateway", "backend"):
        found = environment(main_container(documents, name))["AI_URLS"]
        assert GatewaySettings(ai_urls=found).ai_urls == {"chatbot": "http://chatbot:8000"}


def test_ai_services_are_called_by_the_names_of_their_folders():
    documents = render("global.ai.visual-recognition=true")
    found = environment(main_container(documents, "gateway"))["AI_URLS"]
    assert found == "visual_recognition=http://visual-recognition:8000"


def test_training_and_service_share_a_place_and_what_was_refused_is_not_tried_again():
    documents = render(more=EVERYTHING)
    for name in AI_SERVICES:
        claims = [
            [one.get("persistentVolumeClaim") for one in pod_template(document)["spec"]["volumes"]]
            for document in (
                named(documents, "Deployment", name),
                named(documents, "CronJob", f"train-{name}"),
            )
        ]
        assert all({"claimName": f"{name}-artefacts"} in one for one in claims)
        job = named(documents, "Job", f"train-{name}-at-install")["spec"]
        assert job["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"] == [REFUSED]
    started = {
        document["spec"]["template"]["spec"]["containers"][0]["args"][2]
        for document in of_kind(documents, "Job")
        if document["metadata"]["name"].startswith("train-")
    }
    assert {f"{name}.train" for name in TRAININGS} <= started


def test_what_the_charts_leave_empty_the_backend_takes_for_not_set(monkeypatch):
    for name, value in environment(main_container(render(), "backend")).items():
        monkeypatch.setenv(
            name, value if isinstance(value, str) else "postgres://a-secret-of-32-characters-or-more"
        )
    settings = BackendSettings()
    assert settings.ai_urls == {}
    assert not settings.elasticsearch_url
    assert settings.allowed_hosts == ["127.0.0.1", "backend", "gateway", "localhost"]
