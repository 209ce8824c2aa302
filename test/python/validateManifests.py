"""Says what is wrong with objects of Kubernetes, by its published schemas; a ScaledObject of KEDA is held against a schema of its own.

usage: python validateManifests.py SCALED_OBJECT_SCHEMA VERSION...   (documents of YAML on standard input)

Prints a JSON list with {kind, name, version, problem} for each document and version of Kubernetes; problem is null where there is none.
"""
import json
import sys

import jsonschema
import kubernetes_validate
import yaml

schema_file, *versions = sys.argv[1:]
with open(schema_file) as file:
    scaled_object = json.load(file)


def problem_of(manifest: dict, version: str) -> str | None:
    try:
        if manifest["apiVersion"].startswith("keda.sh/"):
            jsonschema.validate(manifest, scaled_object)
        else:
            kubernetes_validate.validate(manifest, version, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        return f"{'.'.join(str(step) for step in error.absolute_path)}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    return None


print(json.dumps([
    {
        "kind": manifest["kind"],
        "name": manifest["metadata"]["name"],
        "version": version,
        "problem": problem_of(manifest, version),
    }
    for manifest in yaml.safe_load_all(sys.stdin)
    for version in versions
]))
