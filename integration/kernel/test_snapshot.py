"""USR1 tells what each service's leaf uses, has used and may use."""

import json
import signal


def manifest(made, **more):
    return {"services": {"eater": {"command": [made.burden, "eat", "8"],
                                   "limits": {"memory": "64M", "pids": 9, "cpus": 0.5}},
                         "crowd": {"command": [made.burden, "scatter", "3"]}}, **more}


def test_for_people(container):
    made = container()
    run = made.manifest(manifest(made))
    run.stdout.wait_text("eaten")
    run.stdout.wait_text("scattered")
    run.kill(signal.SIGUSR1)
    text = run.stderr.wait_for(lambda lines: "=== end of snapshot" in lines.text() and lines.text(),
                               "a snapshot")
    eater = text[text.index("=== service eater"):text.index("=== service crowd")]
    assert "  memory: " in eater and ", limit 64.0M" in eater
    assert "  cpu: used " in eater and ", limit 0.50 CPUs" in eater
    assert "  pids: 1, " in eater and "limit 9\n" in eater
    # Daemons of their own sessions are shown where they belong.
    crowd = text[text.index("=== service crowd"):text.index("=== gosv itself")]
    assert crowd.count("S (sleeping)") == 4
    assert "belong to no service" not in text


def test_as_json(container):
    made = container()
    run = made.manifest(manifest(made, snapshot_format="json"))
    run.stdout.wait_text("eaten")
    run.kill(signal.SIGUSR1)
    line = run.stderr.wait_for(
        lambda lines: next((each for each in lines.text().splitlines()
                            if '"services":[' in each and each.endswith("}")), None), "a snapshot")
    leaf = json.loads(line)["services"][0]["cgroup"]
    assert leaf["memory_current"] > 8 << 20
    assert leaf["memory_peak"] >= leaf["memory_current"]
    assert leaf["memory_limit"] == 64 << 20
    assert leaf["oom_kills"] == 0
    assert leaf["pids_current"] == 1 and leaf["pids_limit"] == 9
    assert leaf["cpu_quota_us"] == 50000 and leaf["cpu_usage_us"] > 0
    assert "pids_limit" not in json.loads(line)["services"][1]["cgroup"]
