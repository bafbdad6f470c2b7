"""What searches in the cluster: Elasticsearch as tests have it, and the Qdrant of tests. Where Elasticsearch cannot be
had, neither is there, and PostgreSQL searches.
"""

from typing import Any

from tools.kind import config, images
from tools.kind.config import BASE_IMAGE, FILES
from tools.paths import ROOT
from tools.servers import elasticsearch

ELASTICSEARCH_IMAGE = f"local/elasticsearch:{elasticsearch.VERSION}"
QDRANT_IMAGE = "local/qdrant-front:bookworm"


def is_there() -> bool:
    """Whether the cluster gets them; says why not."""
    reason = "no AI service runs" if not config.AI_SERVICES else elasticsearch.ensure_made()
    if reason:
        print(f"PostgreSQL searches: {reason}.", flush=True)
    return not reason


def ensure_images() -> list[str]:
    """Build what changed; names of the images. Those of the platform must be there."""
    if not is_there():
        return []
    program = elasticsearch.home()
    image_build = images.image_build
    image_build(
        ELASTICSEARCH_IMAGE, FILES / "elasticsearch.Dockerfile", [program], BASE=BASE_IMAGE, PROGRAM=program.name
    )  # fmt: skip
    files = [ROOT / "tests/support/qdrant_front.py", ROOT / "requirements/ai.txt"]
    base = f"meshop/{next(iter(config.AI_SERVICES.values()))}:dev"
    image_build(QDRANT_IMAGE, FILES / "qdrant.Dockerfile", files, BASE=base)
    return [ELASTICSEARCH_IMAGE, QDRANT_IMAGE]


def values() -> dict[str, Any]:
    """What the platform's values say of them."""
    if not is_there():
        return {}
    stores = {"elasticsearch": ELASTICSEARCH_IMAGE, "qdrant": QDRANT_IMAGE}
    return {
        "global": {
            "searchUrl": "http://elasticsearch:9200",
            "store": {"env": {"QDRANT_URL": "http://qdrant:6333"}},
        },
        "datastores": {
            "stores": {
                name: {
                    "enabled": True,
                    "image": dict(zip(("repository", "tag"), image.rsplit(":", 1), strict=True)),
                }
                for name, image in stores.items()
            }
        },
    }
