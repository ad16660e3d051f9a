"""Validates JSON files against a schema: check-json.py SCHEMA FILE... Keys that the schema does not name are errors."""

import json
import sys

import jsonschema


def closed(schema):
    """The schema, its objects without any other keys than those that it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        result.setdefault("additionalProperties", False)
    return result


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(closed(schema))
    failed = False
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        if next(iter(document)) != "schema":
            print(f"{path}: the first key is not schema", file=sys.stderr)
            failed = True
        for error in validator.iter_errors(document):
            print(f"{path}: {error.json_path}: {error.message[:300]}", file=sys.stderr)
            failed = True
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
