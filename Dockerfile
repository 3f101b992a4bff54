# The images of docker-compose.yml: a target for each kind of server, all from the same layers. Everything is installed
# by the code and the locks that ./guildhall uses on a machine without containers, so that both run the same bits.
#
# Whoever has a certificate authority or a mirror of their own gives a base image that knows them: the steps that
# download trust what the base image's Debian trusts.
ARG BASE=docker.io/library/debian:12.12-slim

# --- Debian's part, and a user who owns nothing but the instance's folder.
FROM ${BASE} AS system
ENV GUILDHALL_CACHE=/cache TZ=UTC LANG=C.UTF-8
# No versions: Debian's mirrors keep only the newest security update of each, and that is the one to have.
# RUNLEVEL keeps Debian from starting a Redis of its own.
# hadolint ignore=DL3008
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends \
    apache2-utils ca-certificates python3 python3-venv redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 7400 --create-home guildhall
WORKDIR /guildhall

# --- The virtual environment, by ./guildhall.
FROM system AS python
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
  REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt \
  NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
COPY guildhall requirements-bootstrap.lock requirements.lock ./
# An empty command line stands in for the real one, so that this layer changes with the locks and not with the code.
RUN mkdir stack && touch stack/__init__.py cli/main.py && ./guildhall && ln -s /cache/python* /cache/venv

# --- What is not Python, each part from its own lock.
FROM python AS java
COPY requirements-java.lock ./
COPY stack/__init__.py infra/errors.py stack/install/__main__.py stack/install/java.py stack/install/wheel_tools.py stack/
RUN GUILDHALL_JAVA=bundled /cache/venv/bin/python -m stack.install java /cache

FROM python AS web
COPY requirements-node.lock ./
COPY api/page/package.json api/page/package-lock.json api/page/
COPY stack/__init__.py infra/errors.py stack/install/__main__.py stack/install/web_assets.py stack/install/wheel_tools.py stack/
# The Node.js that fetched the libraries is not needed to serve them.
RUN GUILDHALL_NPM=bundled /cache/venv/bin/python -m stack.install web /parts && rm -rf /parts/node-*

FROM python AS jars
COPY stack/__init__.py infra/errors.py stack/install/__main__.py stack/install/jars.py stack/install/jars.lock.json stack/
# Each set becomes a folder of its own, as an image gets only what its server runs; all get the mark of completeness.
RUN /cache/venv/bin/python -m stack.install jars /whole \
  && name=$(basename /whole/jars-*) \
  && for set in kafka hdfs presto presto-iceberg spark .complete; do \
    mkdir -p "/parts/$set/$name" && mv "/whole/$name/$set" "/parts/$set/$name/"; \
  done && rm -rf /whole

# --- What all images have in common. The code, which changes most, comes last.
FROM python AS runtime
COPY --from=java /cache/java-17/ /cache/java-17/
COPY --from=web /parts/ /cache/
COPY --from=jars /parts/.complete/ /cache/
# The volumes are mounted here and take the owner over. The secrets come from a volume, too: see docker-compose.yml.
RUN mkdir -p /secrets .guildhall/data/redis .guildhall/data/kafka .guildhall/data/namenode \
    .guildhall/data/datanode .guildhall/notebooks \
  && ln -s /secrets/instance.json .guildhall/instance.json \
  && chown -R guildhall /secrets .guildhall && chmod 700 /secrets .guildhall
# Up, down and demo need to know that somebody else starts the servers.
ENV GUILDHALL_RUNNING=1
ENTRYPOINT ["/guildhall/guildhall"]

FROM python AS code
COPY . ./
RUN rm -rf .guildhall && /cache/venv/bin/python -m compileall -q .

FROM runtime AS tools
COPY --from=code /guildhall/ ./
USER 7400
CMD ["--help"]

FROM tools AS redis
CMD ["serve", "redis"]

FROM tools AS api
CMD ["serve", "api"]

FROM runtime AS kafka
COPY --from=jars /parts/kafka/ /cache/
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "kafka"]

FROM runtime AS hdfs
COPY --from=jars /parts/hdfs/ /cache/
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "namenode"]

FROM runtime AS presto
COPY --from=jars /parts/presto/ /cache/
COPY --from=jars /parts/presto-iceberg/ /cache/
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "presto"]

FROM runtime AS streaming
COPY --from=jars /parts/spark/ /cache/
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "streaming"]

FROM runtime AS jupyter
COPY requirements-jupyter.lock /tmp/
RUN PIP_CERT=/etc/ssl/certs/ca-certificates.crt /cache/venv/bin/python -m pip install -q --no-cache-dir \
  --require-hashes --disable-pip-version-check -r /tmp/requirements-jupyter.lock
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "jupyter"]
