"""`gosv check`: every problem at once, for people and for programs; exit 0 or 78."""

import json

GOOD = {"services": {"web": {"command": ["/bin/true"]}}}

BAD = """\
services:
  web:
    comand: [/bin/true]
    restart: sometimes
  db:
    command: [/bin/true]
    user: nobody-has-this-name
"""


def check(gosv, *words, **kwargs):
    run = gosv("check", *words, **kwargs)
    code = run.wait()
    assert run.stderr.text() == ""
    return code, run.stdout.text()


def test_a_good_manifest_is_said_to_be_one(gosv_beneath):
    path = gosv_beneath.write_manifest(GOOD)
    assert check(gosv_beneath, path) == (0, f"{path}: ok, 1 service\n")


def test_all_problems_are_told_at_once_with_their_places(gosv_beneath):
    path = gosv_beneath.write_manifest(BAD)
    code, text = check(gosv_beneath, path)
    assert code == 78
    assert f"{path}:3:5: error: unknown key 'comand' in a service\n    comand: [/bin/true]\n" \
           "    ^~~~~~\nhint: did you mean 'command'?\n" in text
    assert f"{path}:4:14: error: " in text
    assert f"{path}:7:11: error: no user 'nobody-has-this-name'\n" in text
    assert text.endswith("\n3 errors\n")


def test_programs_get_the_same_as_json(gosv_beneath):
    path = gosv_beneath.write_manifest(BAD)
    code, text = check(gosv_beneath, "--json", path)
    assert code == 78
    told = json.loads(text)
    assert told["file"] == path
    assert told["valid"] is False
    assert [each["line"] for each in told["diagnostics"]] == [3, 4, 7]
    assert told["diagnostics"][0]["path"] == "services.web.comand"

    code, text = check(gosv_beneath, gosv_beneath.write_manifest(GOOD), "--json")
    assert code == 0
    assert json.loads(text)["valid"] is True
    assert json.loads(text)["diagnostics"] == []


DOUBTFUL = """\
services:
  db:
    command: [pg_ctl, start, -D, /data]
  web:
    command: [sh, -c, /srv/web --port 80]
    depends_on: [db]
"""


def test_what_is_probably_not_meant_is_a_warning_and_an_error_when_strict(gosv_beneath):
    path = gosv_beneath.write_manifest(DOUBTFUL)
    code, text = check(gosv_beneath, path)
    assert code == 0
    assert f"{path}:3:14: warning: 'pg_ctl' starts a program in the background and ends\n" in text
    assert f"{path}:5:14: warning: " in text
    assert f"{path}:6:18: warning: 'db' does not tell when it is ready" in text
    assert text.endswith(f"\n3 warnings\n{path}: ok, 2 services\n")

    code, text = check(gosv_beneath, "--strict", path)
    assert code == 78
    assert "warning" not in text
    assert text.endswith("\n3 errors\n")

    code, text = check(gosv_beneath, "--strict", "--json", path)
    assert code == 78
    told = json.loads(text)
    assert told["valid"] is False
    assert {each["severity"] for each in told["diagnostics"]} == {"error"}

    good = gosv_beneath.write_manifest(GOOD)
    assert check(gosv_beneath, "--strict", good) == (0, f"{good}: ok, 1 service\n")


def test_warnings_are_told_and_fail_nothing(gosv_beneath):
    path = gosv_beneath.write_manifest(
        "services: {web: {command: [/bin/true], stop_grace_period: 1h}}\n")
    code, text = check(gosv_beneath, path)
    assert code == 0
    assert f"{path}:1:" in text and ": warning: " in text
    assert text.endswith(f"\n1 warning\n{path}: ok, 1 service\n")


def test_a_dash_is_stdin(gosv_beneath, tmp_path):
    for manifest, code, said in ((json.dumps(GOOD), 0, "<stdin>: ok, 1 service\n"),
                                 (BAD, 78, "<stdin>:3:5: error: ")):
        path = tmp_path / "piped"
        path.write_text(manifest)
        with path.open() as piped:
            ended, text = check(gosv_beneath, "-", stdin=piped)
        assert ended == code
        assert said in text


def test_stdin_without_end_is_not_read_without_end(gosv_beneath):
    with open("/dev/zero") as endless:
        code, text = check(gosv_beneath, "-", stdin=endless)
    assert code == 78
    assert "larger than" in text


def test_what_is_no_manifest_file_is_told(gosv_beneath, tmp_path):
    for path in (tmp_path, tmp_path / "missing.yaml", "/dev/zero"):
        code, text = check(gosv_beneath, path)
        assert code == 78
        assert text.startswith(f"{path}: error: the manifest ")
        assert "\nhint: " in text


def test_the_default_is_the_one_in_the_environment(gosv_beneath):
    path = gosv_beneath.write_manifest(GOOD)
    code, text = check(gosv_beneath, env={"GOSV_CONFIG": path})
    assert (code, text) == (0, f"{path}: ok, 1 service\n")
