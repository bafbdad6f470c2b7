"""The life of a rebuild as a pure function: no server, no clock."""

from hypothesis import given
from hypothesis import strategies as st

from meshop_operator.reindex.deciding import Seen, reindex_decide
from meshop_operator.reindex.jobs import JobFacts, job_make, job_name, words_parse
from meshop_operator.reindex.phases import ENDED, OPEN, WORK
from tests.unit.operator.worlds import at, reindex

TEMPLATE = {"template": {"spec": {"containers": [{"name": "reindex", "image": "x"}]}}}


def step(resource, seen=None, now=None):
    """One look; the object as it is afterwards."""
    decision = reindex_decide(resource, seen or Seen(), now or at(0))
    return {**resource, "status": decision.status}, decision


def ended(resource, *, failed=False, error=None, results=()):
    status = resource["status"]
    name = job_name(resource, status, status["phase"])
    return Seen(job=JobFacts(name=name, succeeded=not failed, failed=failed, error=error, results=results))


def walk(resource, until, now=None, **facts):
    """Look until a phase is reached; every Job ends well."""
    phases = []
    for _ in range(60):
        phase = resource.get("status", {}).get("phase", "")
        if not phases or phases[-1] != phase:
            phases.append(phase)
        if phase == until:
            return resource, phases
        seen = ended(resource, **facts) if phase in WORK else Seen()
        resource, _ = step(resource, seen, now)
    raise AssertionError(f"{until} not reached: {phases}")


def test_phases_come_one_after_the_other():
    _, phases = walk(reindex(), "Keeping")
    assert phases == [
        "", "Pending", "Planning", "Building", "CatchingUp", "Verifying", "AwaitingApproval", "Preparing",
        "Swapping", "Settling", "Keeping",
    ]  # fmt: skip


def test_looking_again_without_news_changes_nothing():
    resource, _ = walk(reindex(), "Building")
    running = Seen(job=JobFacts(name=job_name(resource, resource["status"], "Building")))
    resource, _ = step(resource, running)
    again, decision = step(resource, running)
    assert again == resource
    assert decision.happened == ()


def test_a_job_of_another_phase_is_no_news():
    resource, _ = walk(reindex(), "Building")
    stale = Seen(job=JobFacts(name=job_name(resource, resource["status"], "Planning"), succeeded=True))
    assert step(resource, stale)[0]["status"]["phase"] == "Building"


def test_what_is_kept_is_deleted_when_its_time_is_over_and_not_before():
    resource, _ = walk(reindex(keepFor="1h"), "Keeping", results=({"phase": "plan", "replaces": "g0"},))
    assert step(resource, now=at(3599))[0]["status"]["phase"] == "Keeping"
    deleting, _ = step(resource, now=at(3601))
    assert deleting["status"]["phase"] == "Deleting"
    job = job_make(deleting, deleting["status"], "Deleting", TEMPLATE)
    args = job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args[args.index("--generation") + 1] == "g0"


def test_the_first_generation_of_all_has_nothing_to_delete():
    resource, _ = walk(reindex(keepFor="1m"), "Keeping")
    assert step(resource, now=at(61))[0]["status"]["phase"] == "Complete"


def test_a_schedule_does_not_begin_while_a_run_is_on_its_way():
    resource, _ = walk(reindex(schedule="* * * * *"), "Building", now=at(120))
    running = Seen(job=JobFacts(name=job_name(resource, resource["status"], "Building")))
    assert step(resource, running, at(7200))[0]["status"]["run"] == 1


def test_a_schedule_begins_again_while_the_one_before_is_kept():
    resource, _ = walk(reindex(schedule="0 * * * *"), "Keeping", now=at(3600))
    later, _ = step(resource, now=at(7300))
    assert (later["status"]["phase"], later["status"]["run"]) == ("Pending", 2)


def wish(resource, **control):
    """What a person writes; the API server counts."""
    generation = resource["metadata"]["generation"] + 1
    spec = {**resource["spec"], "control": control}
    return {**resource, "spec": spec, "metadata": {**resource["metadata"], "generation": generation}}


def kept(**spec):
    """A rebuild that keeps the generation before."""
    return walk(reindex(**spec), "Keeping", now=at(3600), results=({"phase": "plan", "replaces": "g0"},))[0]


def test_a_rollback_asked_for_again_begins_no_run_when_it_is_done():
    asked = wish(kept(), action="Rollback")
    rolling, _ = walk(asked, "RollingBack")
    failed, _ = step(rolling, ended(rolling, failed=True))
    assert failed["status"]["reason"] == "RollbackFailed"
    assert step(failed)[0]["status"]["phase"] == "Keeping"
    back, _ = walk(wish(failed, action="Rollback", retry=1), "RolledBack")
    for _ in range(3):
        back, decision = step(back)
        assert (back["status"]["phase"], back["status"]["run"], decision.happened) == ("RolledBack", 1, ())
    later = wish(back, action="Run", retry=2)
    assert step(later)[0]["status"]["run"] == 2


def test_a_retry_while_a_rollback_is_still_asked_for_begins_no_run():
    back, _ = walk(wish(kept(), action="Rollback"), "RolledBack")
    assert step(wish(back, action="Rollback", retry=1))[0]["status"]["run"] == 1


def test_a_rollback_is_meant_for_one_run():
    """A schedule goes on after it; nobody asked to go back from what it builds."""
    back, _ = walk(wish(kept(schedule="0 * * * *"), action="Rollback"), "RolledBack", now=at(3700))
    results = ({"phase": "plan", "replaces": "g1"},)
    again, _ = walk(step(back, now=at(7300))[0], "Keeping", now=at(7300), results=results)
    assert again["status"]["run"] == 2
    for _ in range(3):
        again, _ = step(again, now=at(7400))
        assert again["status"]["phase"] == "Keeping"
    assert step(wish(again, action="Rollback", retry=1), now=at(7400))[0]["status"]["phase"] == "RollingBack"


def test_the_pod_template_is_not_changed():
    resource, _ = walk(reindex(), "Building")
    job_make(resource, resource["status"], "Building", TEMPLATE)
    assert TEMPLATE == {"template": {"spec": {"containers": [{"name": "reindex", "image": "x"}]}}}


def test_last_words():
    text = '{"event": "log"}\n{"phase": "build", "documents": 3}\nnot json\n[1]'
    assert words_parse(text) == {"phase": "build", "documents": 3}
    assert words_parse("Traceback …") == {}


facts = st.sampled_from(["nothing", "well", "badly", "ahead"])
intents = st.sampled_from([None, "Run", "Abort", "Rollback", "retry", "suspend", "go on", "delete"])


@given(st.lists(st.tuples(facts, intents), max_size=60))
def test_whatever_happens_what_is_open_is_given_up_or_searched(story):
    """Never back from the swap to the build, never a run without an end, never two transitions in one look."""
    resource, swapped, now = reindex(), False, 0
    for fact, intent in story:
        now += 5
        spec = dict(resource["spec"])
        if intent in ("Run", "Abort", "Rollback"):
            spec["control"] = {**spec.get("control", {}), "action": intent}
        elif intent == "retry":
            control = spec.get("control", {})
            spec["control"] = {**control, "action": "Run", "retry": control.get("retry", 0) + 1}
        elif intent in ("suspend", "go on"):
            spec["suspend"] = intent == "suspend"
        elif intent == "delete":
            resource["metadata"] = {**resource["metadata"], "deletionTimestamp": "2026-11-23T12:00:00Z"}
        before = resource.get("status", {}).get("phase", "")
        generation = resource["metadata"]["generation"] + (intent is not None)
        resource = {**resource, "spec": spec, "metadata": {**resource["metadata"], "generation": generation}}
        seen = Seen(ahead="other") if fact == "ahead" else Seen()
        if before in WORK and fact in ("well", "badly"):
            replaces = ({"phase": "plan", "replaces": "g0"},)
            seen = ended(resource, failed=fact == "badly", results=replaces)
        resource, decision = step(resource, seen, at(now))
        status = resource["status"]
        after = status["phase"]
        assert len({h.key for h in decision.happened}) == len(decision.happened)
        if before == "Swapping" and after == "Settling":
            swapped = True
        if after == "Pending":
            swapped = False
        if swapped:
            assert after not in OPEN
        if after == "Aborting" and before != "Aborting":
            assert before in OPEN
        if after in ENDED and before not in ENDED:
            assert before in (*WORK, "Keeping", "Pending")
        assert status["run"] >= 1
