"""Directs requests to existing sessions, makes streams end, and checks the events of streams."""

import json
import re

import jsonschema_rs
import schemathesis

SESSIONS = ["a", "b", "c"]
CURSOR = re.compile(r"\d+\.(\d+)")


@schemathesis.hook
def before_call(context, case, kwargs):
    positive = case.meta is None or case.meta.generation.mode.is_positive
    id = (case.path_parameters or {}).get("id")
    if positive and isinstance(id, str) and len(id) % 4 < len(SESSIONS):
        case.path_parameters["id"] = SESSIONS[len(id) % 4]
    if positive and isinstance(case.body, dict):
        case.body = with_integers(case.body)
    if case.operation.path.endswith("/events"):
        # streams without `until=run` never end
        if positive:
            case.query = {**(case.query or {}), "until": "run"}
        # the server waits for a reader ahead of the log; a cursor with epoch 0 is rejected, since no session has it
        for place, name in ((case.query, "from"), (case.headers, "last-event-id")):
            if place and CURSOR.fullmatch(str(place.get(name, ""))):
                place[name] = CURSOR.sub(r"0.\1", str(place[name]))


def with_integers(value):
    """JSON Schema accepts 7.0 as an integer, and integers of any size; burdock accepts 7, and 64 bits, as serde does."""
    if isinstance(value, dict):
        return {name: with_integers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_integers(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    fits = -(2**63) <= value < 2**64
    if isinstance(value, int):
        return value if fits else float(value)
    return int(value) if fits and value.is_integer() else value


@schemathesis.check
def events_are_described(context, response, case):
    """Each `data` is an `Event`, which the schema of the stream cannot express for a string."""
    if not response.headers.get("content-type", [""])[0].startswith("text/event-stream"):
        return
    schema = {"$ref": "#/components/schemas/Event", "components": case.operation.schema.raw_schema["components"]}
    event = jsonschema_rs.Draft202012Validator(schema)
    for line in response.text.split("\n"):
        if line.startswith("data: "):
            error = next(event.iter_errors(json.loads(line[6:])), None)
            assert error is None, f"{line} is not an `Event`: {error}"
