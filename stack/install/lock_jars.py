"""Write ``jars.lock.json``: ``python -m stack.install.lock_jars [SET ...]``.

Without arguments, the command writes all sets. jgo resolves a few coordinates of each set to a list of jars. The lock
names every jar with its SHA-256, so that installing needs no dependency resolution.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from jgo.env import EnvironmentBuilder, EnvironmentSpec
from jgo.maven import MavenContext, PythonResolver

from stack.install.jars import LOCK

SPARK, SCALA = "4.1.1", "2.13"
# Older versions of ASM cannot read the classes of Java 17.
_ASM = [f"org.ow2.asm:{a}:9.8" for a in ("asm", "asm-tree", "asm-analysis", "asm-util")]

#: Name of a set -> (coordinates, excluded groups or artifacts, whether to include the dependencies).
SETS: dict[str, tuple[list[str], list[str], bool]] = {
    # With the mark !, jgo does not apply log4j's own list of versions to the jars that Kafka depends on.
    "kafka": (
        ["org.apache.kafka:kafka_2.13:4.4.0", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5!"],
        [],
        True,
    ),
    "hdfs": (
        [
            *(f"org.apache.hadoop:{a}:3.5.0" for a in ("hadoop-common", "hadoop-hdfs", "hadoop-hdfs-client")),
            "org.slf4j:slf4j-reload4j:1.7.36!",
        ],
        [],
        True,
    ),
    "presto": (["com.facebook.presto:presto-main:0.287", *_ASM], [], True),
    "presto-iceberg": (
        ["com.facebook.presto:presto-iceberg:0.287", *_ASM],
        ["org.alluxio:*", "org.apache.hudi:*", "com.facebook.presto.ranger:*"],
        True,
    ),
    # The dependencies are not included, because the jars inside pyspark already contain them.
    "spark": (
        [
            f"org.apache.spark:spark-sql-kafka-0-10_{SCALA}:{SPARK}",
            f"org.apache.spark:spark-token-provider-kafka-0-10_{SCALA}:{SPARK}",
            "org.apache.kafka:kafka-clients:3.9.1",
            "org.apache.commons:commons-pool2:2.12.1",
            f"org.apache.iceberg:iceberg-spark-runtime-4.1_{SCALA}:1.12.0",
            # Hadoop's own class for local files starts a chmod process for each file. That takes about 50 ms in each
            # micro-batch.
            "com.globalmentor:hadoop-bare-naked-local-fs:0.1.0",
        ],
        [],
        False,
    ),
    # The libraries of the web page. These npm packages are also published as jars.
    "web": (
        [
            # Versions 10.26.5 to 10.28.1 are not used, because they treat JSON as elements (CVE-2026-22028). Newer
            # versions are not published as jars.
            "org.webjars.npm:preact:10.26.4",
            "org.mvnpm:htm:3.1.1",
            "org.webjars.npm:picocss__pico:2.1.1",
        ],
        [],
        False,
    ),
}


def main() -> None:
    """Resolve the sets that the command line names, and write the lock."""
    context = MavenContext(resolver=PythonResolver(), timeout=60)
    builder = EnvironmentBuilder(context)
    lock = json.loads(LOCK.read_text()) if LOCK.exists() else {}
    for name in sys.argv[1:] or SETS:
        coordinates, exclusions, follow = SETS[name]
        spec = EnvironmentSpec(name=name, coordinates=coordinates, exclusions=exclusions)
        wanted = builder.spec_to_dependencies(spec)
        inputs, transitive = context.resolver.resolve(wanted)
        artifacts = [d.artifact for d in [*inputs, *(transitive if follow else [])]]
        kept = {str(a.filename): a for a in artifacts if not _excluded(a, exclusions) and a.packaging == "jar"}
        lock[name] = [_entry(kept[filename]) for filename in sorted(kept)]
        print(f"{name}: {len(lock[name])} jars, {sum(e['size'] for e in lock[name]) >> 20} MiB", flush=True)
    LOCK.write_text(json.dumps(lock, indent=1) + "\n")


def _excluded(artifact, exclusions: list[str]) -> bool:  # type: ignore[no-untyped-def]
    return f"{artifact.groupId}:*" in exclusions


def _entry(artifact) -> dict[str, Any]:  # type: ignore[no-untyped-def]
    path: Path = artifact.resolve()
    content = path.read_bytes()
    coordinate = ":".join(filter(None, (artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier)))
    return {"jar": coordinate, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


if __name__ == "__main__":
    main()
