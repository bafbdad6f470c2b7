"""What every pod of every part keeps to, whatever is enabled."""

import pytest

from tests.support.charts import EVERYTHING, containers, environment, of_kind, pod_template, render, workloads

ALL = {"values": ("kind",), "more": EVERYTHING}
EXPECTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
ALLOWED_VOLUMES = {"emptyDir", "configMap", "secret", "persistentVolumeClaim"}


@pytest.fixture
def documents():
    return render(**ALL)


def test_containers_are_restricted(documents):
    found = list(containers(documents))
    assert len(found) > 30
    found += containers(render(chart="observability", values=("kind",)))
    for name, _, container in found:
        assert container["securityContext"] == EXPECTED, name


def test_pods_are_restricted(documents):
    for workload in workloads(documents):
        spec = pod_template(workload)["spec"]
        security = spec["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] >= 100
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        kinds = {kind for volume in spec["volumes"] for kind in volume} - {"name"}
        has_token = workload["metadata"]["name"] == "operator"  # it alone talks to the API server
        assert kinds - ({"projected"} if has_token else set()) <= ALLOWED_VOLUMES


def test_everybody_says_what_they_need_and_ends_at_a_limit(documents):
    for name, _, container in containers(documents):
        assert set(container["resources"]["requests"]) == {"cpu", "memory", "ephemeral-storage"}, name
        assert set(container["resources"]["limits"]) == {"memory", "ephemeral-storage"}, name


def test_everybody_has_an_identity_of_their_own(documents):
    accounts = {d["metadata"]["name"] for d in of_kind(documents, "ServiceAccount")}
    for workload in workloads(documents):
        name = pod_template(workload)["metadata"]["labels"]["app.kubernetes.io/name"]
        assert pod_template(workload)["spec"]["serviceAccountName"] == name
        assert name in accounts


def test_no_secret_outside_of_secrets(documents):
    secrets = [v for d in of_kind(documents, "Secret") for v in (d.get("stringData") or {}).values()]
    hidden = [v for v in secrets if len(v) >= 16 and v != "admin@example.com"]
    assert len(hidden) >= 5
    elsewhere = str([d for d in documents if d["kind"] != "Secret"])
    assert not [value for value in hidden if value in elsewhere]


def test_web_processes_and_the_gateway_know_only_what_they_use(documents):
    def secrets(name):
        found = next(c for n, _, c in containers(documents) if n == f"Deployment/{name}/{name}")
        return {key for key, value in environment(found).items() if isinstance(value, dict)}

    assert secrets("gateway") == {"REDIS_URL"}
    assert secrets("backend") == {"SECRET_KEY", "JWT_PRIVATE_KEY", "DATABASE_URL", "REDIS_URL"}
    assert secrets("recommendations") == {"AI_DATABASE_URL"}


def test_every_secret_that_is_named_is_made_here(documents):
    made = {
        (d["metadata"]["name"], key) for d in of_kind(documents, "Secret") for key in d.get("stringData", {})
    }
    for name, _, container in containers(documents):
        for value in environment(container).values():
            if isinstance(value, dict):
                reference = value["secretKeyRef"]
                assert (reference["name"], reference["key"]) in made, name


def test_production_makes_no_secret():
    assert of_kind(render(values=("production",)), "Secret") == []


def test_generated_secrets_stay_when_the_release_goes(documents):
    for secret in of_kind(documents, "Secret"):
        assert secret["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


def test_the_operator_may_do_what_it_needs_in_its_namespace_and_no_more(documents):
    assert not of_kind(documents, "ClusterRole", "ClusterRoleBinding")
    (role,) = of_kind(documents, "Role")
    rules = role["rules"]
    assert not [rule for rule in rules if "*" in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}]
    touched = {resource for rule in rules for resource in rule["resources"]}
    assert not touched & {"secrets", "configmaps", "serviceaccounts", "roles", "pods/exec", "nodes"}
    for rule in rules:
        if {"deployments", "services"} & set(rule["resources"]) and {"update", "patch", "delete"} & set(
            rule["verbs"]
        ):
            assert rule["resourceNames"], rule
    (binding,) = of_kind(documents, "RoleBinding")
    assert [subject["name"] for subject in binding["subjects"]] == ["operator"]
