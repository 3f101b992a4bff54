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
# Nobody may write beside the packages later on, so they are compiled now. What is run without ./guildhall needs to be
# told of the certificates.
ENV UV_COMPILE_BYTECODE=1 \
  SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
  REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
COPY guildhall ./
COPY requirements/ requirements/
COPY stack/install/uv_progress.py stack/install/
# An empty command line stands in for the real one, so that this layer changes with the locks and not with the code.
RUN mkdir cli && touch cli/main.py && ./guildhall && ln -s /cache/python* /cache/venv

# --- What is not Python, each part from its own lock, by code that needs nothing else.
FROM python AS installer
COPY stack/__init__.py stack/
COPY stack/install/ stack/install/
COPY infra/__init__.py infra/errors.py infra/paths.py infra/

FROM installer AS java
RUN GUILDHALL_JAVA=bundled /cache/venv/bin/python -m stack.install java /parts

FROM installer AS jars
# Each set becomes a folder of its own, as an image gets only what its server runs. All get the page's libraries
# and the folder that the sets are in, which says that nothing is left to install.
RUN /cache/venv/bin/python -m stack.install web /whole \
  && name=$(basename /whole/jars-*) \
  && for set in kafka hdfs presto presto-iceberg spark; do \
    mkdir -p "/parts/$set/$name" && mv "/whole/$name/$set" "/parts/$set/$name/"; \
  done && mkdir -p "/parts/all/$name" && mv /whole/web-* /parts/all/ && rm -rf /whole

# --- What all images have in common. The code, which changes most, comes last.
FROM python AS runtime
COPY --from=java /parts/ /cache/
COPY --from=jars /parts/all/ /cache/
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
RUN /cache/venv/bin/uv pip install -q --no-cache --python /cache/venv/bin/python --require-hashes \
  -r requirements/jupyter.lock
COPY --from=code /guildhall/ ./
USER 7400
CMD ["serve", "jupyter"]
