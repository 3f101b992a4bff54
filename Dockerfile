# The images for docker-compose.yml. There is a target for each kind of server, and the targets share their lower
# layers. The same code and locks install everything here as on a machine without containers, so that both run the same
# versions.
#
# If you have your own certificate authority or package mirror, set BASE to an image that is configured for it. All
# downloads trust the certificates that the base image trusts.
ARG BASE=docker.io/library/debian:12.12-slim

# --- The Debian packages, and a user who owns only the instance's folder.
FROM ${BASE} AS system
ENV GUILDHALL_CACHE=/cache TZ=UTC LANG=C.UTF-8
# The packages have no fixed versions, because Debian's mirrors keep only the newest security update of each package,
# and we want that update. With RUNLEVEL=1, installing the package does not start a Redis server.
# hadolint ignore=DL3008
RUN apt-get update \
  && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends \
    apache2-utils ca-certificates python3 python3-venv redis-server \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 7400 --create-home guildhall
WORKDIR /guildhall

# --- The virtual environment, which ./guildhall creates.
FROM system AS python
# Compile the packages to bytecode now, because the user of the servers cannot write into their folders later. Set the
# certificates here for the commands below that do not run through ./guildhall, which would set them.
ENV UV_COMPILE_BYTECODE=1 \
  SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
  REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
COPY guildhall ./
COPY requirements/ requirements/
COPY stack/install/uv_progress.py stack/install/
# Use an empty module instead of the real command line, so that this layer changes only with the locks and not with the
# code.
RUN mkdir cli && touch cli/main.py && ./guildhall && ln -s /cache/python* /cache/venv

# --- The parts that are not Python packages. Each part has its own lock, and its installer needs only the code copied
# here.
FROM python AS installer
COPY stack/__init__.py stack/
COPY stack/install/ stack/install/
COPY infra/__init__.py infra/errors.py infra/paths.py infra/

FROM installer AS java
RUN GUILDHALL_JAVA=bundled /cache/venv/bin/python -m stack.install java /parts

FROM installer AS jars
# Move each set of jars to a separate folder, so that an image gets only the jars that its server needs. All images get
# the libraries of the web page, and the folder that contains the sets. If that folder exists, ./guildhall installs no
# jars.
RUN /cache/venv/bin/python -m stack.install web /whole \
  && name=$(basename /whole/jars-*) \
  && for set in kafka hdfs presto presto-iceberg spark; do \
    mkdir -p "/parts/$set/$name" && mv "/whole/$name/$set" "/parts/$set/$name/"; \
  done && mkdir -p "/parts/all/$name" && mv /whole/web-* /parts/all/ && rm -rf /whole

# --- The common base of all images. The code changes most often, so each image copies it last.
FROM python AS runtime
COPY --from=java /parts/ /cache/
COPY --from=jars /parts/all/ /cache/
# The volumes are mounted at these folders, and a new volume takes over the owner of its folder. The secrets are in a
# volume too: see docker-compose.yml.
RUN mkdir -p /secrets .guildhall/data/redis .guildhall/data/kafka .guildhall/data/namenode \
    .guildhall/data/datanode .guildhall/notebooks \
  && ln -s /secrets/instance.json .guildhall/instance.json \
  && chown -R guildhall /secrets .guildhall && chmod 700 /secrets .guildhall
# Tells the commands up, down and demo that the container engine starts and stops the servers.
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
