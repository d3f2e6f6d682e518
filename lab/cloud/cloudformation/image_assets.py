"""Is the service's image in each Region's registry before its tasks are, as `cdk deploy` has it?

The lab's tasks are processes of this checkout, and no image is built: the manifest stands for one, by the tag that the
templates name, so that the same tag has the same digest in every Region.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def publish(ecr: Any, image: str) -> None:
    """`image` is REGISTRY/REPOSITORY:TAG of the client's Region. Publishing it again changes nothing."""
    repository, _, tag = image.partition("/")[2].partition(":")
    with contextlib.suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=repository)
    # moto gives every manifest the same digest.
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": f"sha256:{tag}"}, "layers": []}
    text = json.dumps(manifest, sort_keys=True)
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(repositoryName=repository, imageTag=tag, imageManifest=text, imageDigest=digest)
