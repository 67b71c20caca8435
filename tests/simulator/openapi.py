"""The vendors' own OpenAPI documents and recorded payloads, as a judge of what the simulator answers."""

import functools
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
WIRE = SHARED / "wire"
SPECS = {
    "alpaca-trading": "alpaca-trading-openapi.yaml.gz",
    "alpaca-data": "alpaca-data-openapi.yaml.gz",
    "polygon-rest": "polygon-massive-rest-openapi.json.gz",
    "polygon-ws": "polygon-massive-websocket.json.gz",
}
METHODS = ("get", "post", "put", "patch", "delete")


def validate(spec: str, method: str, path: str, status: int, body: object) -> list[str]:
    """What the document `spec` (a key of SPECS) finds wrong with `body` as the answer to `method path`.

    Skips the calling test, with the reason, where the documents are absent.
    """
    document = _document(spec)
    operation = _operation(document, method, path)
    if operation is None:
        return [f"{spec} describes no {method.upper()} {path}"]
    response = _response(document, operation, status)
    if response is None:
        return [f"{spec} describes no status {status} for {method.upper()} {path}"]
    schema = _schema(response)
    return [] if schema is None else complaints(spec, schema, body)


def complaints(spec: str, schema: object, body: object) -> list[str]:
    """What a schema taken out of the document `spec` finds wrong with `body`, one line for each finding."""
    found = jsonschema.Draft202012Validator(_judged(schema, spec), registry=_registry()).iter_errors(body)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def schema_named(spec: str, name: str) -> object:
    """The schema that `spec` keeps under components/schemas/`name`."""
    return _document(spec)["components"]["schemas"][name]


def recorded(name: str) -> Any:
    """The payload recorded in WIRE/`name`; skips the calling test, with the reason, where it is absent."""
    path = WIRE / name
    if not path.is_file():
        pytest.skip(f"the recorded payload {name} is not beside this checkout")
    return json.loads(path.read_text(encoding="utf-8"))


def same_shape(recorded: object, answered: object, ignore: frozenset[str] = frozenset(), at: str = "$") -> list[str]:
    """Where `answered` lacks a key of `recorded` or gives it another JSON type; null on either side matches anything.

    Each item of an answered list must have the shape of one of the recorded items; keys in `ignore` are not looked for.
    """
    if recorded is None or answered is None:
        return []
    if _json_type(recorded) != _json_type(answered):
        return [f"{at}: {_json_type(recorded)} was recorded, {_json_type(answered)} was answered"]
    if isinstance(recorded, dict) and isinstance(answered, dict):
        return list(_object_differences(recorded, answered, ignore, at))
    if isinstance(recorded, list) and isinstance(answered, list) and recorded:
        return list(_list_differences(recorded, answered, ignore, at))
    return []


def _object_differences(
    recorded: dict[str, object], answered: dict[str, object], ignore: frozenset[str], at: str
) -> Iterator[str]:
    for key, value in recorded.items():
        if key in ignore:
            continue
        if key not in answered:
            yield f"{at}.{key}: missing"
        else:
            yield from same_shape(value, answered[key], ignore, f"{at}.{key}")


def _list_differences(recorded: list[object], answered: list[object], ignore: frozenset[str], at: str) -> Iterator[str]:
    if not answered:
        yield f"{at}: items were recorded, none was answered"
    for index, item in enumerate(answered):
        tries = [same_shape(model, item, ignore, f"{at}[{index}]") for model in recorded]
        yield from min(tries, key=len)


def _json_type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names: dict[type, str] = {str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


@functools.cache
def _document(spec: str) -> dict[str, Any]:
    path = WIRE / "specs" / SPECS[spec]
    if not path.is_file():
        pytest.skip(f"the vendor's document {SPECS[spec]} is not beside this checkout")
    text = gzip.decompress(path.read_bytes()).decode()
    loaded: dict[str, Any] = (
        json.loads(text) if ".json" in path.name else yaml.load(text, Loader=_loader())  # noqa: S506  a SafeLoader
    )
    return loaded


def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's C parser where it is built in; without the date rule, which would turn example strings into dates."""

    class Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers = {
            first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return Plain


@functools.cache
def _registry() -> Registry[Any]:
    """Every document under the address its `$ref`s were rewritten to; found on first use."""

    @functools.cache  # the registry itself forgets what it has found
    def retrieve(uri: str) -> Resource[Any]:
        spec = uri.removeprefix("spec:")
        return Resource.from_contents(_judged(_document(spec), spec), DRAFT202012)

    return Registry(retrieve=retrieve)  # type: ignore[call-arg]


def _operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """The operation whose path template fits; plain paths before templates, stock templates before other classes."""
    fitting = [template for template in document["paths"] if _pattern(template).fullmatch(path.split("?")[0])]
    fitting.sort(key=lambda template: (template.count("{"), "stock" not in template))
    for template in fitting:
        item = document["paths"][template]
        if method.lower() in item and method.lower() in METHODS:
            return item[method.lower()]  # type: ignore[no-any-return]
    return None


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    pieces = re.split(r"\{[^}]*\}", template)
    return re.compile("[^/]+".join(re.escape(piece) for piece in pieces))


def _response(document: dict[str, Any], operation: dict[str, Any], status: int) -> dict[str, Any] | None:
    responses = {str(key): value for key, value in operation["responses"].items()}
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            return _resolved(document, responses[key])
    return None


def _resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _schema(response: dict[str, Any]) -> object | None:
    content = response.get("content") or {}
    described: dict[str, Any] = content.get("application/json") or next(iter(content.values()), {})
    schema: object | None = described.get("schema")
    return schema


def _judged(node: object, spec: str) -> object:
    """A schema of OpenAPI 3.0 or 3.1 as JSON Schema 2020-12, read leniently (see the branches)."""
    if isinstance(node, list):
        return [_judged(item, spec) for item in node]
    if not isinstance(node, dict):
        return node
    plain: dict[str, Any] = {key: _judged(value, spec) for key, value in node.items()}
    if isinstance(plain.get("$ref"), str):
        plain["$ref"] = f"spec:{spec}" + plain["$ref"].removeprefix(f"spec:{spec}")
    if isinstance(plain.get("oneOf"), list):  # overlapping alternatives are the document's business, not ours
        plain["anyOf"] = plain.pop("oneOf")
    if plain.get("additionalProperties") is False:  # inside allOf it would refuse the other half
        del plain["additionalProperties"]
    if isinstance(plain.get("pattern"), str) and plain["pattern"].startswith("/"):  # JavaScript's slashes
        plain["pattern"] = plain["pattern"].strip("/")
    for limit in ("Minimum", "Maximum"):
        if isinstance(plain.get("exclusive" + limit), bool):
            del plain["exclusive" + limit]
    return _with_null(plain) if plain.get("nullable") is True else plain


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [rest, {"type": "null"}]}
